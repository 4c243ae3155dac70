"""Some hashes of an issue become an issue of their own again.

Where the hashes are those that came with one merge, the issue gets back exactly what it was, and its address; what was
counted since is told by the kept events. Where they are others, kept events are all there is to count by: what a flood
left out stays where it is. Either way, the two issues have together what the one had.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.utils.timezone import now

from monitor.access.audit import Actor
from monitor.digest.payloads import PayloadLostError, payload_store
from monitor.events.model import Event
from monitor.issues.counting import OTHER
from monitor.issues.journal import ActionError, note, subject_of
from monitor.issues.merging import DESCRIPTION, row_of
from monitor.issues.models import Issue, IssueHash, IssueUser, Merge, StoredEvent, TagValue
from monitor.issues.moving_counts import (
    Counts,
    add_counts,
    counts_of,
    set_tag_times,
    take_counts,
    take_users,
    unpacked,
    users_seen,
)
from monitor.issues.tag_choice import tags_of
from monitor.projects.models import Project

TAGS_READ = 5_000
"""So many payloads are read for their tags, the newest; of events before these, level, release and environment count."""
_OF_BOTH = (
    "status", "substatus", "status_changed_at", "resolved_in_release", "resolved_in_next_release", "ignored_until",
    "ignored_until_rate", "assigned_to",
)  # fmt: skip


def unmerge(issue: Issue, hashes: Iterable[str], by: Actor) -> Issue:
    """The issue that these hashes (32 hexadecimal digits) are from now on. It has the status of the one they leave.

    Raises ActionError where none of them is the issue's, or none would stay.
    """
    wanted = set(hashes)
    with transaction.atomic():
        issue = Issue.objects.select_related("project").get(pk=issue.pk)
        known = list(issue.hashes.all())
        leaving = [one for one in known if one.hash in wanted]
        if not leaving:
            raise ActionError("None of these hashes belongs to the issue.")
        if len(leaving) == len(known):
            raise ActionError("All hashes at once: one at least must stay, or nothing is left to part from.")
        parting = _Parting(issue, leaving)
        fresh = parting.make()
        at = now()
        note(by, "unmerged", [subject_of(issue)], at=at, data={"to": _named(fresh)})
        note(by, "unmerged", [subject_of(fresh)], at=at, data={"from": _named(issue)})
    return fresh


def _named(issue: Issue) -> dict[str, Any]:
    return {"id": issue.pk, "short_id": issue.short_id, "title": issue.title}


class _Parting:
    """One unmerging: what goes, where from, and where to."""

    def __init__(self, issue: Issue, leaving: list[IssueHash]) -> None:
        self.issue = issue
        self.ids = {one.pk for one in leaving}
        merges = list(Merge.objects.filter(issue=issue))
        self.origin = next((one for one in merges if set(one.hashes) == self.ids), None)
        self.others = [one for one in merges if one is not self.origin]
        self.later = [one for one in self.others if self.origin and one.pk > self.origin.pk]
        self.events = StoredEvent.objects.filter(issue=issue, hash__in=self.ids)

    def make(self) -> Issue:
        since = self.origin.last_event if self.origin else 0
        later = _counts_of_events(self.issue, self.events.filter(pk__gt=since))
        part = _counts_of_merge(self.origin) if self.origin else Counts()
        part.add(later)
        fresh = self._new_row(part)
        IssueHash.objects.filter(pk__in=self.ids).update(issue=fresh)
        self.events.update(issue=fresh)
        add_counts(fresh.pk, part)
        self._settle_tag_times()
        take_counts(self.issue.pk, part)
        self._settle_merges(fresh)
        self._settle_users(part, later)
        self._settle(fresh)
        return fresh

    def _new_row(self, part: Counts) -> Issue:
        row = dict(self.origin.row) if self.origin else self._row_like_this_one()
        times = self.issue.times - part.times
        left = self.issue.ignored_until_times
        columns = {
            **row,
            "project": self.issue.project,
            "times": part.times,
            "users": len(part.users),
            **{name: getattr(self.issue, name) for name in _OF_BOTH},
            "ignored_until_times": None if left is None else part.times + max(left - self.issue.times, 1),
        }
        if left is not None:
            self.issue.ignored_until_times = times + max(left - self.issue.times, 1)
        self.issue.times = max(times, 0)
        if self.origin:
            columns["id"] = self.origin.source_id
        fresh = Issue.objects.create(**columns)
        # What a merge has kept are numbers; from the table come moments.
        fresh.refresh_from_db(fields=["first_seen", "last_seen"])
        return fresh

    def _row_like_this_one(self) -> dict[str, Any]:
        first, last = self.events.order_by("timestamp").first(), self.events.order_by("-timestamp").first()
        Project.objects.filter(pk=self.issue.project_id).update(next_issue_number=F("next_issue_number") + 1)
        number = Project.objects.values_list("next_issue_number", flat=True).get(pk=self.issue.project_id) - 1
        return {
            **row_of(self.issue),
            "number": number,
            "first_seen": first.timestamp if first else self.issue.first_seen,
            "last_seen": last.timestamp if last else self.issue.last_seen,
            "first_release": first.release if first else "",
            "last_release": last.release if last else "",
            "known_error": "",
        }

    def _settle_merges(self, fresh: Issue) -> None:
        """Earlier merges of what goes go along; those that were of more than this no longer say what was."""
        for merge in self.others:
            hashes = set(merge.hashes)
            if hashes <= self.ids:
                Merge.objects.filter(pk=merge.pk).update(issue=fresh)
            elif hashes & self.ids:
                merge.delete()
        if self.origin:
            self.origin.delete()
        merged = {pk for one in Merge.objects.filter(issue=fresh) for pk in one.hashes}
        IssueHash.objects.filter(pk__in=self.ids - merged).update(merged_from=None)

    def _settle_users(self, part: Counts, later: Counts) -> None:
        """Those go whom only what went has met, as far as it can be told."""
        came, new = (
            (unpacked(self.origin.users), unpacked(self.origin.new_users)) if self.origin else (set(), set())
        )
        staying = came - new
        for merge in self.others:
            if not set(merge.hashes) & self.ids:
                staying |= unpacked(merge.users)
        going = (new | later.users) - staying
        take_users(self.issue.pk, going - users_seen(self.issue.pk, going))

    def _settle_tag_times(self) -> None:
        """Of tags that both had: what they were, unless they have changed since, or more was merged."""
        if self.origin is None or self.later:
            return
        now_are, known = counts_of(self.issue.pk).tags, {}
        for name, (first, last) in self.origin.before["tags"].items():
            tag = int(name)
            _, came_first, came_last = self.origin.tags[name]
            if tag in now_are:
                _, now_first, now_last = now_are[tag]
                known[tag] = (
                    first if now_first == min(first, came_first) else now_first,
                    last if now_last == max(last, came_last) else now_last,
                )
        set_tag_times(self.issue.pk, known)

    def _settle(self, fresh: Issue) -> None:
        """Last seen, headline, and what can be counted again."""
        rows = [self.origin.before["row"]] if self.origin else []
        for merge in self.later:
            rows.append(merge.before["row"] if set(merge.hashes) & self.ids else merge.row)
        _describe(self.issue, rows)
        _describe(fresh, [self.origin.row] if self.origin else [])
        self.issue.save()
        fresh.save()


def _counts_of_merge(merge: Merge) -> Counts:
    known = set(TagValue.objects.filter(pk__in=[int(tag) for tag in merge.tags]).values_list("pk", flat=True))
    return Counts(
        times=merge.row["times"],
        hours={int(hour): times for hour, times in merge.hours.items()},
        tags={int(tag): tuple(times) for tag, times in merge.tags.items() if int(tag) in known},
        users=unpacked(merge.users),
    )


def _counts_of_events(issue: Issue, events: QuerySet[StoredEvent]) -> Counts:
    found = Counts()
    tags: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for number, event in enumerate(events.order_by("-pk").iterator()):
        at = event.timestamp.timestamp()
        found.times += event.times
        found.add_hour(int(at // 3600), event.times)
        if event.user is not None:
            found.users.add(bytes(event.user))
        for tag in _tags(event, read=number < TAGS_READ).items():
            tags.setdefault(tag, []).append((event.times, at))
    ids = _tag_ids(issue, set(tags))
    for tag, seen in tags.items():
        if tag in ids:
            for times, at in seen:
                found.add_tag(ids[tag], times, at, at)
    return found


def _tags(event: StoredEvent, *, read: bool) -> dict[str, str]:
    if read:
        try:
            return tags_of(Event.from_json(payload_store().read(event.block_id, event.slot)))
        except PayloadLostError:
            pass
    plain = {"level": event.level, "release": event.release, "environment": event.environment}
    return {key: value for key, value in plain.items() if value}


def _tag_ids(issue: Issue, tags: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Of the issue's tags; a value that it does not have was counted as OTHER."""
    keys = {key for key, _ in tags}
    rows = TagValue.objects.filter(issues__issue=issue, key__in=keys).values_list("key", "value", "pk")
    known = {(key, value): pk for key, value, pk in rows}
    found = {tag: known.get(tag) or known.get((tag[0], OTHER)) for tag in tags}
    return {tag: pk for tag, pk in found.items() if pk is not None}


def _describe(issue: Issue, rows: list[dict[str, Any]]) -> None:
    """By the newest of what is known: `rows` that it was made of, and its kept events. What can be, is counted again."""
    events = StoredEvent.objects.filter(issue=issue)
    newest = events.order_by("-timestamp").first()
    row = max(rows, key=lambda one: one["last_seen"], default=None)
    if row is not None and (newest is None or row["last_seen"] >= newest.timestamp.timestamp()):
        for name in DESCRIPTION:
            setattr(issue, name, row[name])
        issue.last_seen = datetime.fromtimestamp(row["last_seen"], UTC)
        issue.last_release = row["last_release"]
    elif newest is not None:
        issue.last_seen = newest.timestamp
        issue.last_release = newest.release or issue.last_release
        _describe_by(issue, newest)
    severities = TagValue.objects.filter(issues__issue=issue, key="severity", value__startswith="P")
    issue.severity = severities.aggregate(worst=Min("value"))["worst"] or issue.severity
    issue.stored = events.count()
    issue.users = IssueUser.objects.filter(issue=issue).count()


def _describe_by(issue: Issue, newest: StoredEvent) -> None:
    try:
        event = Event.from_json(payload_store().read(newest.block_id, newest.slot))
    except PayloadLostError:
        return
    issue.title, issue.culprit = event.title[:250], event.culprit[:250]
    issue.type, issue.value = event.type[:200], event.value[:1000]
    issue.level, issue.platform, issue.handled = event.level, event.platform[:30], event.handled
    issue.logger, issue.transaction = (event.logger or "")[:200], (event.transaction or "")[:250]
    issue.category = event.tags.get("category", "")[:60] or issue.category

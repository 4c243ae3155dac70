"""Several issues become one: the oldest, which gets what the others had. Nothing is counted twice, nothing is lost.

What each of them was is kept (Merge), so that unmerging.py can give it back as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import ManyToOneRel, Max, Model, QuerySet
from django.utils.timezone import now

from monitor.access.audit import Actor
from monitor.digest.sql import database
from monitor.issues.journal import ActionError, Subject, note, subject_of
from monitor.issues.models import (
    Issue,
    IssueHour,
    IssueTag,
    IssueUser,
    Merge,
    SampledEvent,
    Status,
    StoredEvent,
    Substatus,
)
from monitor.issues.moving_counts import Counts, add_counts, counts_of, packed

NOT_MOVED: frozenset[type[Model]] = frozenset({IssueHour, IssueTag, IssueUser, SampledEvent})
"""Three are added up. A sampled event has done its work when its id is known, and no index finds those of an issue."""
DESCRIPTION = (
    "title", "culprit", "type", "value", "level", "platform", "logger", "transaction", "category", "handled",
)  # fmt: skip
"""Of the newest event."""
SOURCE_COLUMNS = (
    *DESCRIPTION, "number", "severity", "times", "first_release", "last_release", "known_error",
)  # fmt: skip
"""What an issue gets back when it is unmerged; `first_seen` and `last_seen` too."""


def merge(issues: Iterable[Issue] | QuerySet[Issue], by: Actor) -> Issue:
    """The oldest of them, with all that was counted and kept of the others, which are no more. Their hashes lead to it.

    Its status stays, but it is unresolved if one of them was. Raises ActionError for fewer than two, or issues of two
    projects.
    """
    ids = {issue.pk for issue in issues}
    with transaction.atomic():
        found = list(Issue.objects.filter(pk__in=ids).select_related("project").order_by("first_seen", "pk"))
        if len(found) < 2:
            raise ActionError("Merging needs two issues at least.")
        projects = {issue.project for issue in found}
        if len(projects) > 1:
            names = " and ".join(sorted(project.name for project in projects))
            raise ActionError(f"These are issues of {names}: only those of one project can be merged.")
        target, sources = found[0], found[1:]
        at = now()
        told = [subject_of(issue) for issue in sources]
        for source in sources:
            _take_over(target, source, at)
        target.save()
        Issue.objects.filter(pk__in=[source.pk for source in sources]).delete()
        _note(by, target, told, at)
    return target


def _take_over(target: Issue, source: Issue, at: datetime) -> None:
    counts = counts_of(source.pk)
    counts.times = source.times
    _keep(target, source, counts, at)
    add_counts(target.pk, counts)
    _repoint(target, source)
    _add_row(target, source)


def _keep(target: Issue, source: Issue, counts: Counts, at: datetime) -> None:
    """What unmerging needs."""
    known = counts_of(target.pk)
    hashes = list(source.hashes.all())
    Merge.objects.create(
        issue=target,
        source_id=source.pk,
        at=at,
        last_event=StoredEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0,
        hashes=[one.pk for one in hashes],
        row=row_of(source),
        before={
            "row": row_of(target),
            "tags": {tag: known.tags[tag][1:] for tag in counts.tags.keys() & known.tags.keys()},
        },
        hours=counts.hours,
        tags=counts.tags,
        users=packed(counts.users),
        new_users=packed(counts.users - known.users),
    )
    # The first merge says where a hash came from; a later one of the whole is no news of it.
    source.hashes.filter(merged_from__isnull=True).update(
        merged_from={"short_id": source.short_id, "title": source.title, "issue": source.pk}
    )


def row_of(issue: Issue) -> dict[str, Any]:
    row = {name: getattr(issue, name) for name in SOURCE_COLUMNS}
    return {**row, "first_seen": issue.first_seen.timestamp(), "last_seen": issue.last_seen.timestamp()}


def _repoint(target: Issue, source: Issue) -> None:
    """Whatever else points to the source, in whichever room, points to the target; what the target has too, goes."""
    for table, column in _pointing_columns():
        database().execute(
            f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE "{column}" = ?',  # noqa: S608 (names of ours)
            (target.pk, source.pk),
        )


@cache
def _pointing_columns() -> list[tuple[str, str]]:
    """Table and column of each foreign key to an issue, those of many-to-many tables too."""
    relations = (one for one in Issue._meta.get_fields(include_hidden=True) if isinstance(one, ManyToOneRel))
    return [
        (one.related_model._meta.db_table, one.field.column)
        for one in relations
        if one.related_model not in NOT_MOVED
    ]


def _add_row(target: Issue, source: Issue) -> None:
    target.times += source.times
    target.stored += source.stored
    target.users = IssueUser.objects.filter(issue=target).count()
    if source.last_seen > target.last_seen:
        target.last_seen = source.last_seen
        target.last_release = source.last_release or target.last_release
    target.first_release = target.first_release or source.first_release
    target.severity = min(filter(None, (target.severity, source.severity)), default="")
    target.assigned_to = target.assigned_to or source.assigned_to
    if source.known_error and source.known_error not in target.known_error:
        target.known_error = "\n\n".join(filter(None, (target.known_error, source.known_error)))
    if target.status != Status.UNRESOLVED and source.status == Status.UNRESOLVED:
        target.status, target.substatus = Status.UNRESOLVED, Substatus.ONGOING
        target.status_changed_at = source.status_changed_at
        target.resolved_in_release, target.resolved_in_next_release = "", False
        target.ignored_until = target.ignored_until_times = target.ignored_until_rate = None


def _note(by: Actor, target: Issue, sources: list[Subject], at: datetime) -> None:
    origins = [{"id": one.id, "short_id": one.short_id, "title": one.title} for one in sources]
    note(by, "merged", [subject_of(target)], at=at, data={"from": origins})

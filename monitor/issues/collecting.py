"""Errors and messages, from the spool into their issues. The one place where all the steps of storing are in order."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from hashlib import blake2b
from typing import Any, ClassVar

from django.conf import settings

from monitor.digest.collecting import Origin
from monitor.digest.facts import Fact, tell
from monitor.events import EventScrubber, normalise
from monitor.events.model import Json
from monitor.events.security_reports import event_of_report
from monitor.grouping import Grouper
from monitor.issues import attachments, counting, duplicates, event_rows, issue_state, of_hashes
from monitor.issues.arrival import Arrival, arrival_of, user_salt
from monitor.issues.crashes import Crashes
from monitor.issues.models import Activity
from monitor.issues.transitions import after
from monitor.protocol import Item
from monitor.protocol.json_payload import load_object
from monitor.releases.ordering import first_seen_in_database
from monitor.stats.outcomes import DIGESTED, DUPLICATE, SAMPLED, Outcomes, count_outcomes
from strategy import load_strategy

_REPORTS = frozenset({"security", "raw_security", "nel"})


@lru_cache(maxsize=1)
def scrubber() -> EventScrubber:
    """One for the process: it remembers what it has seen clean."""
    return EventScrubber.of_strategy(load_strategy(settings.STRATEGY_FILE or None))


@lru_cache(maxsize=1)
def _grouper() -> Grouper:
    return Grouper()


class IssueCollector:
    """Of one batch. An event is scrubbed and made bytes as it is taken, so that a batch is small in memory."""

    item_types: ClassVar[frozenset[str]] = frozenset({"event", "attachment", "form_data", *_REPORTS})
    own_outcomes: ClassVar[bool] = True

    def __init__(self) -> None:
        self._arrivals: list[Arrival] = []
        self._attachments: list[attachments.Arrived] = []
        self._crashes = Crashes()
        self._salt = user_salt()

    def take(self, item: Item, origin: Origin) -> None:
        if item.type in ("attachment", "form_data"):
            self._crashes.see(item, origin)
            if item.type == "attachment":
                self._attachments.append(attachments.arrived(item, origin))
            return
        raw = load_object(item.payload)
        event_id = origin.event_id
        if item.type in _REPORTS:
            event_id = _id_of_report(origin)
            raw = event_of_report(
                raw,
                release=_text(item.headers.get("sentry_release")),
                environment=_text(item.headers.get("sentry_environment")),
            )
        self._take_event(raw, event_id, origin, item.kind.category)

    def _take_event(self, raw: Json, event_id: str | None, origin: Origin, data_category: str) -> None:
        event = normalise(raw, received=origin.received, event_id=event_id, user_salt=self._salt)
        scrubber().scrub(event)
        grouper = _grouper()
        self._arrivals.append(
            arrival_of(
                event,
                project_id=origin.project_id,
                data_category=data_category,
                grouping=grouper.group(event),
                earlier=grouper.earlier(event),
            )
        )

    def store(self) -> None:
        for raw, origin in self._crashes.events():
            self._take_event(raw, origin.event_id, origin, "error")
        attachments.store(self._attachments)
        fresh, again = duplicates.split(self._arrivals)
        if fresh:
            self._store_events(fresh)
        count_outcomes(self._outcomes(fresh, again))

    def _outcomes(self, fresh: list[Arrival], again: list[Arrival]) -> Outcomes:
        found: Outcomes = Counter()
        for arrival in fresh:
            outcome = DIGESTED if arrival.is_kept else SAMPLED
            found[arrival.project_id, int(arrival.received // 60), outcome, arrival.data_category, ""] += 1
        for arrival in again:
            found[arrival.project_id, int(arrival.received // 60), DUPLICATE, arrival.data_category, ""] += 1
        for one in self._attachments:
            found[one.project_id, int(one.received // 60), one.outcome, "attachment", one.reason] += (
                one.quantity
            )
        return found

    def _store_events(self, fresh: list[Arrival]) -> None:
        states = of_hashes.assign(fresh)
        by_issue: dict[int, list[Arrival]] = {}
        for arrival in fresh:
            by_issue.setdefault(arrival.issue_id, []).append(arrival)
        activities = []
        for issue_id, arrivals in by_issue.items():
            state = states[issue_id]
            for arrival in arrivals:
                state.add(arrival)
                change = after(state, arrival, first_seen_in_database)
                if change is not None:
                    kind, data = change
                    activities.append(Activity(issue_id=issue_id, at=arrival.received, kind=kind, data=data))
                event_rows.decide(state, arrival)
        event_rows.store(by_issue)
        counting.count_users(by_issue, states)
        counting.count_hours(by_issue)
        counting.count_tags(by_issue)
        issue_state.save(states.values())
        Activity.objects.bulk_create(activities)
        tell([_fact(arrival) for arrival in fresh])

    def stored(self) -> None:
        """Rooms hear of events by facts."""


def _id_of_report(origin: Origin) -> str | None:
    """The envelope's. Of several reports in one envelope each further one has its own, the same when it comes again."""
    if origin.item == 0 or origin.event_id is None:
        return origin.event_id
    return blake2b(f"{origin.event_id}:{origin.item}".encode(), digest_size=16).hexdigest()


def _fact(arrival: Arrival) -> Fact:
    return Fact(
        time=arrival.timestamp,
        received=arrival.received,
        project_id=arrival.project_id,
        issue_id=arrival.issue_id,
        uid=arrival.uid,
        is_new=arrival.is_new,
        regressed=arrival.regressed,
        category=arrival.category,
        severity=arrival.severity,
        level=arrival.level,
        release=arrival.release,
        environment=arrival.environment,
        user=arrival.user,
        handled=arrival.handled,
        transaction=arrival.transaction,
        tags=arrival.tags,
        times=arrival.times,
    )


def _text(value: Any) -> str | None:
    return value if type(value) is str else None

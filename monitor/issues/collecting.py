"""Errors and messages, from the spool into their issues. The one place where all the steps of storing are in order."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import Any, ClassVar

from monitor.digest.collecting import Origin
from monitor.digest.facts import Fact, tell
from monitor.events.model import Json
from monitor.events.security_reports import event_of_report
from monitor.issues import attachments, counting, duplicates, event_rows, issue_state, of_hashes
from monitor.issues.arrival import Arrival, put_payload, user_salt
from monitor.issues.crashes import Crashes
from monitor.issues.event_reading import read_arrival, read_event, scrubber
from monitor.issues.lookalikes import lookalikes, shape_of
from monitor.issues.models import Activity
from monitor.issues.transitions import after
from monitor.protocol import Item
from monitor.protocol.json_payload import load_object
from monitor.releases.ordering import first_seen_in_database
from monitor.stats.outcomes import DIGESTED, DUPLICATE, SAMPLED, Outcomes, count_outcomes

__all__ = ["IssueCollector", "scrubber"]

_REPORTS = ("security", "raw_security", "nel")


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
        if item.type == "event":
            self._arrivals.append(self._event(raw, item, origin))
            return
        raw = event_of_report(
            raw,
            release=_text(item.headers.get("sentry_release")),
            environment=_text(item.headers.get("sentry_environment")),
        )
        self._arrivals.append(
            read_arrival(raw, _id_of_report(origin), origin, item.kind.category, self._salt)
        )

    def _event(self, raw: Json, item: Item, origin: Origin) -> Arrival:
        shape = shape_of(raw, origin.project_id) if lookalikes.is_flood else None
        if shape is not None:
            found = lookalikes.find(shape, raw, item.payload, origin, self._salt)
            if found is not None:
                return found
        arrival = read_arrival(raw, origin.event_id, origin, item.kind.category, self._salt)
        if shape is not None:
            lookalikes.learn(shape, arrival)
        return arrival

    def store(self) -> None:
        for raw, origin in self._crashes.events():
            self._arrivals.append(read_arrival(raw, origin.event_id, origin, "error", self._salt))
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
                if arrival.is_kept and not arrival.payload:
                    self._read_in_full(arrival)
        event_rows.store(by_issue)
        counting.count_users(by_issue, states)
        counting.count_hours(by_issue)
        counting.count_tags(by_issue)
        issue_state.save(states.values())
        Activity.objects.bulk_create(activities)
        tell([_fact(arrival) for arrival in fresh])

    def _read_in_full(self, arrival: Arrival) -> None:
        event = read_event(
            load_object(arrival.raw), received=arrival.received, event_id=arrival.uid.hex(), salt=self._salt
        )
        put_payload(arrival, event)

    def stored(self) -> None:
        """Rooms hear of events by facts."""
        sampled = sum(not arrival.is_kept for arrival in self._arrivals)
        lookalikes.note(sampled=sampled, total=len(self._arrivals))


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

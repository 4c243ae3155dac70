"""The rows of events: with a payload for those that are kept, the bare id for those that a flood leaves out."""

from __future__ import annotations

from django.conf import settings

from monitor.digest.payloads import payload_store
from monitor.digest.sql import database
from monitor.issues.arrival import Arrival
from monitor.issues.issue_state import IssueState
from monitor.issues.models import sampled_key
from monitor.issues.sampling import keeps_payload

_INSERT = (
    "INSERT INTO issues_storedevent (uid, project_id, issue_id, hash_id, timestamp, received, times, level, release,"
    " environment, error_id, trace, user, block_id, slot) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_INSERT_SAMPLED = "INSERT INTO issues_sampledevent (id, issue_id, day) VALUES (?,?,?)"


def decide(state: IssueState, arrival: Arrival) -> None:
    """Whether the arrival keeps its payload; the issue remembers how many it has had in this hour."""
    hour = int(arrival.received // 3600)
    if state.sampling_hour != hour:
        state.sampling_hour, state.sampling_events = hour, 0
    arrival.is_kept = keeps_payload(
        state.sampling_events,
        arrival.received - (state.sampling_kept_at or 0.0),
        first=settings.PAYLOADS_AN_HOUR,
    )
    state.sampling_events += 1
    if arrival.is_kept:
        state.sampling_kept_at = arrival.received
        state.stored += 1


def store(by_issue: dict[int, list[Arrival]]) -> None:
    """Issue by issue, so that what is alike is compressed together."""
    kept: dict[tuple[int, int], list[Arrival]] = {}
    sampled = []
    for issue_id in sorted(by_issue):
        for arrival in by_issue[issue_id]:
            if arrival.is_kept:
                # As payload files are: by day of receipt and project.
                kept.setdefault((int(arrival.received // 86400), arrival.project_id), []).append(arrival)
            else:
                sampled.append((sampled_key(arrival.uid), issue_id, int(arrival.received // 86400)))
    for (_, project_id), arrivals in kept.items():
        _store_kept(project_id, arrivals)
    if sampled:
        database().executemany(_INSERT_SAMPLED, sampled)


def _store_kept(project_id: int, arrivals: list[Arrival]) -> None:
    places = payload_store().append(
        [one.payload for one in arrivals], received=arrivals[0].received, project_id=project_id
    )
    rows = [
        (
            one.uid,
            one.project_id,
            one.issue_id,
            one.hash_id,
            one.timestamp,
            one.received,
            one.times,
            one.level,
            one.release,
            one.environment,
            one.error_id,
            one.trace,
            one.user,
            place.block,
            place.slot,
        )
        for one, place in zip(arrivals, places, strict=True)
    ]
    database().executemany(_INSERT, rows)

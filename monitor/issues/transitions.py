"""What an event does to the status of its issue: it brings back what was resolved, and wakes what was ignored."""

from __future__ import annotations

from typing import Any

from monitor.issues.arrival import Arrival
from monitor.issues.issue_state import IssueState
from monitor.issues.models import Status, Substatus
from monitor.releases.ordering import FirstSeen, is_later

Change = tuple[str, dict[str, Any]]
"""Kind and data of an Activity."""


def after(state: IssueState, arrival: Arrival, first_seen: FirstSeen) -> Change | None:
    """Change `state` by an arrival that is counted in it already; gives what to note of it."""
    if state.status == Status.RESOLVED:
        return _regress(state, arrival, first_seen)
    if state.status == Status.IGNORED:
        return _wake(state, arrival)
    return None


def _regress(state: IssueState, arrival: Arrival, first_seen: FirstSeen) -> Change | None:
    if not _is_regression(state, arrival, first_seen):
        return None
    data: dict[str, Any] = {"event_id": arrival.uid.hex(), "release": arrival.release}
    if state.resolved_in_release:
        data["resolved_in_release"] = state.resolved_in_release
    _reopen(state, Substatus.REGRESSED, arrival)
    arrival.regressed = True
    return "regressed", data


def _is_regression(state: IssueState, arrival: Arrival, first_seen: FirstSeen) -> bool:
    resolved_at = state.status_changed_at or 0.0
    if arrival.timestamp < resolved_at:
        # It had happened before, and came late.
        return False
    if not (state.resolved_in_release or state.resolved_in_next_release):
        return True
    if not arrival.release:
        # As at Sentry: whoever sends no release is taken for an old one.
        return False
    if state.resolved_in_next_release:
        # One that nobody knew when it was resolved; one that is not known yet comes with this very event.
        known_since = first_seen(arrival.release)
        return known_since is None or known_since > resolved_at
    in_release = state.resolved_in_release
    return arrival.release == in_release or is_later(arrival.release, in_release, first_seen)


def _wake(state: IssueState, arrival: Arrival) -> Change | None:
    if state.ignored_until is not None and arrival.received >= state.ignored_until:
        data: dict[str, Any] = {"ignored_until": state.ignored_until}
        _reopen(state, Substatus.ONGOING, arrival)
        return "unignored", data
    if state.ignored_until_times is not None and state.times >= state.ignored_until_times:
        data = {"ignored_until_times": state.ignored_until_times}
        _reopen(state, Substatus.ESCALATING, arrival)
        return "unignored", data
    return None


def _reopen(state: IssueState, substatus: Substatus, arrival: Arrival) -> None:
    state.status, state.substatus = Status.UNRESOLVED.value, substatus.value
    state.status_changed_at = arrival.received
    state.resolved_in_release, state.resolved_in_next_release = "", False
    state.ignored_until = state.ignored_until_times = state.ignored_until_rate = None

"""Which state follows which, and that times never run backwards, whatever clocks and clicks do. No database.

Every change is given the time at which it happens; one that lies before what has already happened counts as of that.
"""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.incidents.models import Incident, State


class IncidentError(Exception):
    """What was asked for can't be done with this incident as it is; the message is for its page."""


RANK = {state: rank for rank, state in enumerate(State.values)}
_TIMES = (
    "started_at", "detected_at", "acknowledged_at", "mitigated_at", "reopened_at", "resolved_at", "reviewed_at",
)  # fmt: skip


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def not_before_the_rest(incident: Incident, at: float) -> datetime:
    """`at`, or the latest of the incident's times where that is later."""
    known: list[datetime | None] = [getattr(incident, name) for name in _TIMES]
    return max([moment(at), *(one for one in known if one is not None)])


def acknowledge(incident: Incident, at: float) -> bool:
    """Somebody deals with it. False where somebody has before."""
    if incident.state != State.TRIGGERED:
        return False
    incident.acknowledged_at = not_before_the_rest(incident, at)
    incident.state = State.ACKNOWLEDGED
    return True


def investigate(incident: Incident, at: float) -> bool:
    """Also from mitigated: what was done was not enough. Whoever investigates has acknowledged."""
    _require_open(incident)
    if incident.state == State.INVESTIGATING:
        return False
    _dealt_with(incident, at)
    incident.mitigated_at = None
    incident.state = State.INVESTIGATING
    return True


def mitigate(incident: Incident, at: float) -> bool:
    """Users no longer notice; the cause is still there."""
    _require_open(incident)
    if incident.state == State.MITIGATED:
        return False
    _dealt_with(incident, at)
    incident.mitigated_at = not_before_the_rest(incident, at)
    incident.state = State.MITIGATED
    return True


def resolve(incident: Incident, at: float, *, by_alerts: bool = False) -> bool:
    """By a person, who has thereby acknowledged it, or by its alerts: then nobody need have."""
    if not incident.is_open:
        return False
    if not by_alerts:
        _dealt_with(incident, at)
    incident.resolved_at = not_before_the_rest(incident, at)
    incident.resolved_by_alerts = by_alerts
    incident.state = State.RESOLVED
    return True


def reopen(incident: Incident, at: float) -> bool:
    """It is not over. Back to where it was, or to triggered where nobody had dealt with it."""
    if incident.is_open:
        return False
    if incident.state == State.REVIEWED:
        raise IncidentError("It has been reviewed. Open a new incident, and name this one in it.")
    incident.reopened_at = not_before_the_rest(incident, at)
    incident.resolved_at = incident.mitigated_at = None
    incident.resolved_by_alerts = False
    incident.reopened += 1
    incident.state = State.TRIGGERED if incident.acknowledged_at is None else State.INVESTIGATING
    return True


def review(incident: Incident, at: float) -> bool:
    """Its review is complete."""
    if incident.is_open:
        raise IncidentError("It is still open: resolve it first, then complete its review.")
    if incident.state == State.REVIEWED:
        return False
    incident.reviewed_at = not_before_the_rest(incident, at)
    incident.state = State.REVIEWED
    return True


def _dealt_with(incident: Incident, at: float) -> None:
    if incident.acknowledged_at is None:
        incident.acknowledged_at = not_before_the_rest(incident, at)


def _require_open(incident: Incident) -> None:
    if not incident.is_open:
        raise IncidentError("It is over. Open it again first if it is not.")

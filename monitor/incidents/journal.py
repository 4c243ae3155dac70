"""The timeline of an incident: written here only, one entry for each thing that happens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor.access.audit import Actor, user_behind
from monitor.incidents.course import moment
from monitor.incidents.models import Incident, TimelineEntry

LONGEST_TEXT = 4000


def write(
    incident: Incident,
    kind: str,
    text: str,
    at: float | datetime,
    *,
    by: Actor | None = None,
    **details: Any,
) -> TimelineEntry:
    """`by` None: the monitor. What a person writes also resets the clock of updates that are owed."""
    when = at if isinstance(at, datetime) else moment(at)
    user = user_behind(by) if by is not None else None
    if user is not None and when > incident.updated_at:
        incident.updated_at = when
        Incident.objects.filter(pk=incident.pk).update(updated_at=when)
    return TimelineEntry.objects.create(
        incident=incident, at=when, kind=kind, text=text[:LONGEST_TEXT], user=user, details=details
    )

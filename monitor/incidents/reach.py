"""How far an incident reaches: events and users of its issues, from its start to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Sum

from monitor.incidents.models import Incident
from monitor.issues.models import IssueHour, IssueUser, StoredEvent
from monitor.releases.models import ReleaseUser

_DAY_S = 86_400
_HOUR_S = 3600
ACTIVE_WITHIN_DAYS = 7
"""Who counts as a user for the share that an incident touches: everybody seen within so many days before it."""
_BEFORE_START = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """How many users met the incident, of how many that there were. `share` is None while nobody is known."""

    users: int
    active: int

    @property
    def share(self) -> float | None:
        return min(self.users / self.active, 1.0) if self.active else None


def reach_of(incident: Incident) -> Reach:
    """Users are told apart by the hash of what SDKs send.

    Active are those with a session in the week up to the incident, or, where no sessions are sent, those who have met
    any issue of the project: then the share is too high rather than too low.
    """
    touched = _users_of(incident)
    day = int(incident.detected_at.timestamp() // _DAY_S)
    seen = ReleaseUser.objects.filter(
        project=incident.project_id, day__gt=day - ACTIVE_WITHIN_DAYS, day__lte=day + 1
    )
    active = seen.values("user").distinct().count()
    if not active:
        met = IssueUser.objects.filter(issue__project=incident.project_id)
        active = met.values("user").distinct().count()
    return Reach(touched, max(active, touched))


def _users_of(incident: Incident) -> int:
    """Exact of issues that began with the incident; of older ones, those of the events that are kept."""
    began = incident.started_at - _BEFORE_START
    new = incident.issues.filter(first_seen__gte=began).values("pk")
    old = incident.issues.filter(first_seen__lt=began).values("pk")
    events = StoredEvent.objects.filter(issue__in=old, timestamp__gte=began, user__isnull=False)
    if incident.resolved_at is not None:
        events = events.filter(timestamp__lte=incident.resolved_at)
    users = IssueUser.objects.filter(issue__in=new).values_list("user")
    return users.union(events.values_list("user")).count()


def events_of(incident: Incident) -> int:
    """In the hours from its start to its end, these included."""
    hours = IssueHour.objects.filter(
        issue__in=incident.issues.values("pk"), hour__gte=int(incident.started_at.timestamp() // _HOUR_S)
    )
    if incident.resolved_at is not None:
        hours = hours.filter(hour__lte=int(incident.resolved_at.timestamp() // _HOUR_S))
    return int(hours.aggregate(all=Sum("times"))["all"] or 0)

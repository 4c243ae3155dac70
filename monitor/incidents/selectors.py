"""Incidents read: the list, one of them, what belongs to it."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404

from monitor.access.models import User
from monitor.access.permissions import Someone, visible_projects
from monitor.incidents.models import Incident


def visible_incidents(user: Someone) -> QuerySet[Incident]:
    """Of the projects that the user may see; those whose project is gone, admins only."""
    seen = Q(project__in=visible_projects(user))
    if isinstance(user, User) and user.is_admin:
        seen |= Q(project__isnull=True)
    return Incident.objects.filter(seen)


def incident_for(user: Someone, number: int) -> Incident:
    """Raises Http404 for a stranger as for an incident that does not exist."""
    found = visible_incidents(user).filter(number=number)
    incident = found.select_related("project", "owner", "recurrence_of").first()
    if incident is None:
        raise Http404(f"You have no incident #{number}.")
    return incident

"""Incidents read: the list, one of them, what belongs to it."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404

from monitor.access.models import User
from monitor.access.permissions import Someone, visible_projects
from monitor.incidents.course import moment
from monitor.incidents.models import OPEN_STATES, Incident
from monitor.issues.models import Issue
from monitor.projects.models import Project
from monitor.site.lists import row_id


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


def just_opened(project: Project, title: str, environment: str, now: float) -> Incident | None:
    """One that is the same, opened within the last minute."""
    found = Incident.objects.filter(
        project=project, title=title, environment=environment, state__in=OPEN_STATES
    )
    return found.filter(detected_at__gte=moment(now - 60)).first()


def issue_to_link(user: Someone, name: str) -> Issue | None:
    """By number or short id (HYDROML-12); None for one that is not there, or not for this user."""
    name = name.strip()
    found = Issue.objects.filter(project__in=visible_projects(user)).select_related("project")
    if pk := row_id(name):
        return found.filter(pk=pk).first()
    slug, dash, number = name.rpartition("-")
    if not dash or not (number.isascii() and number.isdigit()) or len(number) > 9:
        return None
    return found.filter(project__slug=slug.lower(), number=int(number)).first()


def may_own(user: User, incident: Incident) -> bool:
    """Whether they may see its project and change something in it."""
    return user.may_change and visible_projects(user).filter(pk=incident.project_id or 0).exists()

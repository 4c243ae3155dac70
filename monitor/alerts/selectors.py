"""Episodes read."""

from __future__ import annotations

from django.http import Http404

from monitor.access.permissions import Someone, visible_projects
from monitor.alerts.models import Episode


def episode_for(user: Someone, pk: int) -> Episode:
    """Raises Http404 for a stranger as for an episode that does not exist."""
    found = (
        Episode.objects.filter(pk=pk, project__in=visible_projects(user))
        .select_related("project", "incident")
        .first()
    )
    if found is None:
        raise Http404(f"You have no alert {pk}.")
    return found

"""Notifications read: who may see which, the list, one with its tries, the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.http import Http404

from monitor.access.models import User
from monitor.access.permissions import Someone, visible_projects
from monitor.alerts.dispatch.models import OutboxMessage
from monitor.alerts.messages import Kind
from monitor.alerts.models import Notification
from monitor.projects.models import Project


def notifications_for(user: Someone, projects: Sequence[Project] | None = None) -> QuerySet[Notification]:
    """The newest first. What belongs to no project, such as a report on all, is for admins; tests are for everybody.

    `projects` narrows it to theirs.
    """
    rows = Notification.objects.select_related("episode__project", "incident__project").order_by(
        "-created_at", "-pk"
    )
    is_admin = isinstance(user, User) and user.is_admin
    if projects is None and is_admin:
        return rows
    chosen = visible_projects(user) if projects is None else projects
    belongs = Q(episode__project__in=chosen) | Q(incident__project__in=chosen)
    return rows.filter(belongs if projects is not None else belongs | Q(kind=Kind.TEST))


def notification_for(user: Someone, pk: int) -> Notification:
    """Raises Http404 for a stranger as for one that does not exist."""
    found = notifications_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404(f"You have no notification {pk}.")
    return found


def outbox_for(user: Someone) -> QuerySet[OutboxMessage]:
    """The newest first."""
    rows = OutboxMessage.objects.select_related("notification").order_by("-pk")
    if isinstance(user, User) and user.is_admin:
        return rows
    return rows.filter(notification__in=notifications_for(user).order_by().values("pk"))

"""Episodes of alert rules, and what people were told through which channel."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from monitor.access.models import User
from monitor.access.permissions import visible_projects
from monitor.alerts.models import Episode, Notification
from monitor.api.calls import Call
from monitor.api.errors import field_error
from monitor.api.parameters import number_in
from monitor.api.routing import operation
from monitor.api.shapes import incident as shapes

READ = ("alerts:read",)
_ALERTS = "organizations/{organization_id_or_slug}/alerts/"


@operation(
    "GET",
    _ALERTS,
    scopes=READ,
    summary="Episodes of alert rules, the last first, with what people were told of them",
    answer=f"[{shapes.ALERT}]",
    query=(
        "project", "environment", "state", "severity", "rule", "incident", "statsPeriod", "start", "end",
        "cursor", "per_page",
    ),
)  # fmt: skip
def list_alerts(call: Call) -> Any:
    found = Episode.objects.filter(project__in=call.projects).select_related("project", "incident")
    for name in ("environment", "severity", "rule"):
        if call.query(name):
            found = found.filter(**{name: call.query(name)})
    if call.query("incident"):
        found = found.filter(incident__number=number_in(call.query("incident")) or 0)
    state = call.query("state")
    if state not in ("", "open", "ended"):
        raise field_error("state", f"This is {state[:40]!r}; it must be open or ended.")
    if state:
        found = found.filter(ended_at__isnull=state == "open")
    if call.period:
        found = found.filter(began_at__gte=call.period[0], began_at__lt=call.period[1])
    return shapes.alerts(call.paged(found.order_by("-began_at", "-pk")))


@operation("GET", f"{_ALERTS}{{alert_id}}/", scopes=READ, summary="An episode", answer=shapes.ALERT)
def alert_detail(call: Call, episode: Episode) -> Any:
    return shapes.alerts([episode])[0]


@operation(
    "GET",
    "organizations/{organization_id_or_slug}/notifications/",
    scopes=READ,
    summary="What people were told, the last first: channel, state, tries",
    answer=f"[{shapes.NOTIFICATION}]",
    query=("state", "incident", "statsPeriod", "start", "end", "cursor", "per_page"),
)
def list_notifications(call: Call) -> Any:
    found = Notification.objects.filter(_seen_by(call.user)).select_related("incident")
    state = call.query("state")
    if state and state not in Notification.State.values:
        possible = ", ".join(Notification.State.values)
        raise field_error("state", f"This is {state[:40]!r}; it must be one of {possible}.")
    if state:
        found = found.filter(state=state)
    if call.query("incident"):
        number = number_in(call.query("incident")) or 0
        found = found.filter(Q(incident__number=number) | Q(episode__incident__number=number))
    if call.period:
        found = found.filter(created_at__gte=call.period[0], created_at__lt=call.period[1])
    return call.shaped(found.order_by("-created_at", "-pk"), shapes.notification)


def _seen_by(user: User) -> Q:
    """Of their projects; what belongs to none (digests, tests) is for admins, who see all."""
    projects = visible_projects(user)
    return Q() if user.is_admin else Q(episode__project__in=projects) | Q(incident__project__in=projects)

"""Incidents: followed and moved on by scripts. Ours alone; Sentry's incidents were another thing."""

from __future__ import annotations

import time
from typing import Any

from django.db.models import QuerySet

from monitor.api.calls import Call
from monitor.api.errors import field_error
from monitor.api.routing import operation
from monitor.api.shapes import incident as shapes
from monitor.incidents import handling
from monitor.incidents.models import OPEN_STATES, Incident, State
from monitor.incidents.selectors import visible_incidents

READ = ("alerts:read",)
_ALL = "organizations/{organization_id_or_slug}/incidents/"
_ONE = f"{_ALL}{{incident_number}}/"


@operation(
    "GET",
    _ALL,
    scopes=READ,
    summary="Incidents, the last first, with their times, issues, alerts and notifications",
    answer=f"[{shapes.INCIDENT}]",
    query=(
        "project", "environment", "state", "severity", "rule", "statsPeriod", "start", "end", "cursor",
        "per_page",
    ),
)  # fmt: skip
def list_incidents(call: Call) -> Any:
    found = visible_incidents(call.user).select_related("project", "owner", "recurrence_of")
    if call.query("project"):
        found = found.filter(project__in=call.projects)
    if call.query("environment"):
        found = found.filter(environment=call.query("environment"))
    if call.query("severity"):
        found = found.filter(severity=call.query("severity"))
    if call.query("rule"):
        found = found.filter(rule=call.query("rule"))
    if call.period:
        found = found.filter(detected_at__gte=call.period[0], detected_at__lt=call.period[1])
    return shapes.incidents(call.paged(_of_state(call, found).order_by("-detected_at", "-pk")))


def _of_state(call: Call, found: QuerySet[Incident]) -> QuerySet[Incident]:
    state = call.query("state")
    if state == "open":
        return found.filter(state__in=OPEN_STATES)
    if state and state not in State.values:
        raise field_error(
            "state", f"This is {state[:40]!r}; it must be open or one of {', '.join(State.values)}."
        )
    return found.filter(state=state) if state else found


@operation(
    "GET",
    _ONE,
    scopes=READ,
    summary="An incident with its timeline, the first entry first",
    answer=shapes.INCIDENT_WITH_TIMELINE,
)
def incident_detail(call: Call, incident: Incident) -> Any:
    timeline = incident.timeline.select_related("user").order_by("at", "pk")
    return {
        "incident": shapes.incidents([incident])[0],
        "timeline": [shapes.timeline_entry(one) for one in timeline],
    }


@operation(
    "PUT",
    _ONE,
    scopes=("alerts:write",),
    summary="Acknowledge, investigate, mitigate, resolve or open an incident again; set its severity; add a note",
    answer=shapes.INCIDENT_WITH_TIMELINE,
    body=shapes.CHANGED_INCIDENT,
)
def change_incident(call: Call, incident: Incident) -> Any:
    now = time.time()
    body = call.body
    if body.get("severity"):
        handling.set_severity(incident, body["severity"], call.token, now)
    if body.get("state"):
        handling.ACTIONS[body["state"]](incident, call.token, now)
    if body.get("note"):
        handling.note(incident, body["note"], call.token, now)
    return incident_detail(call, incident)

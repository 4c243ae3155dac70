"""What is posted from the page of an incident; each leads back to it."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from monitor.access.models import User
from monitor.access.permissions import require_change
from monitor.incidents import handing_over, handling, selectors
from monitor.incidents.course import IncidentError
from monitor.incidents.models import Incident
from monitor.site.lists import row_id

_DONE = {
    "acknowledged": "is acknowledged",
    "investigating": "is being investigated",
    "mitigated": "is mitigated",
    "resolved": "is resolved",
    "reopened": "is open again",
}


@require_POST
def act(request: HttpRequest, number: int) -> HttpResponse:
    """Acknowledge, investigate, mitigate, resolve, open again."""
    incident = _to_change(request, number)
    name = request.POST.get("action", "")
    action = handling.ACTIONS.get(name)
    if action is None:
        messages.error(request, "Nothing was changed: the page asked for something that incidents can't do.")
        return _back(incident)
    return _done(
        request,
        incident,
        lambda: action(incident, request, time.time()),
        f"#{incident.number} {_DONE[name]}.",
        f"#{incident.number} {_DONE[name]} already.",
    )


@require_POST
def note(request: HttpRequest, number: int) -> HttpResponse:
    incident = _to_change(request, number)
    text = request.POST.get("text", "")
    return _done(
        request, incident, lambda: handling.note(incident, text, request, time.time()), "", "", "#timeline"
    )


@require_POST
def severity(request: HttpRequest, number: int) -> HttpResponse:
    incident = _to_change(request, number)
    wanted = request.POST.get("severity", "")
    said = f"Its severity is {wanted}. Alerts no longer change it."
    return _done(
        request, incident, lambda: handling.set_severity(incident, wanted, request, time.time()), said
    )


@require_POST
def owner(request: HttpRequest, number: int) -> HttpResponse:
    incident = _to_change(request, number)
    pk = request.POST.get("owner", "")
    chosen = User.objects.filter(pk=row_id(pk), is_active=True).first()
    if pk and (chosen is None or not selectors.may_own(chosen, incident)):
        messages.error(request, "Whoever deals with an incident must be able to see and change its project.")
        return _back(incident)
    said = f"{chosen} deals with it." if chosen else "Nobody deals with it."
    return _done(request, incident, lambda: handling.set_owner(incident, chosen, request, time.time()), said)


@require_POST
def issue(request: HttpRequest, number: int) -> HttpResponse:
    """Link or unlink: `issue` is a number or a short id such as HYDROML-12."""
    incident = _to_change(request, number)
    found = selectors.issue_to_link(request.user, request.POST.get("issue", ""))
    if found is None:
        messages.error(
            request, "There is no such issue, or not for you. Its number or short id is meant: HYDROML-12."
        )
        return _back(incident, "#issues")
    if request.POST.get("action") == "unlink":
        move: Callable[[], bool] = lambda: handling.unlink_issue(incident, found, request, time.time())  # noqa: E731
        said = f"{found.short_id} is unlinked."
    else:
        move = lambda: handling.link_issue(incident, found, request, time.time())  # noqa: E731
        said = f"{found.short_id} is linked."
    return _done(request, incident, move, said, f"{found.short_id} was so already.", "#issues")


@require_POST
def tick(request: HttpRequest, number: int) -> HttpResponse:
    incident = _to_change(request, number)
    given = request.POST
    return _done(
        request,
        incident,
        lambda: handling.tick(
            incident,
            given.get("checklist", ""),
            given.get("item", ""),
            request,
            time.time(),
            done=given.get("done") == "yes",
        ),
        "",
        "",
        "#checklists",
    )


@require_POST
def github(request: HttpRequest, number: int) -> HttpResponse:
    incident = _to_change(request, number)
    return _done(
        request,
        incident,
        lambda: bool(handing_over.hand_over(incident, request, time.time())),
        "It is handed over to GitHub; the link stands here as soon as GitHub has answered.",
        "It was handed over before.",
    )


def _to_change(request: HttpRequest, number: int) -> Incident:
    incident = selectors.incident_for(request.user, number)
    require_change(request.user)
    return incident


def _done(
    request: HttpRequest,
    incident: Incident,
    move: Callable[[], bool],
    said: str,
    nothing: str = "",
    part: str = "",
) -> HttpResponse:
    try:
        changed = move()
    except IncidentError as error:
        messages.error(request, str(error))
    else:
        if changed and said:
            messages.success(request, said)
        elif not changed and nothing:
            messages.info(request, nothing)
    return _back(incident, part)


def _back(incident: Incident, part: str = "") -> HttpResponse:
    return redirect(reverse("incidents:detail", args=[incident.number]) + part)

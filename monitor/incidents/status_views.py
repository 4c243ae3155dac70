"""The status page, which everybody may read, and the page on which its words are written."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from monitor.access.permissions import require_change
from monitor.incidents import selectors
from monitor.incidents import status as publishing
from monitor.incidents.course import IncidentError
from monitor.incidents.drafts import drafts_of
from monitor.incidents.forms import PublishForm
from monitor.incidents.models import Impact, Incident
from monitor.incidents.reach import reach_of
from monitor.site.strategy_file import current_strategy


@login_not_required
@require_safe
@cache_control(public=True, max_age=publishing.CACHED_FOR_S)
def status(request: HttpRequest) -> HttpResponse:
    """Asks for no session, so that it may be cached, and is the same for everybody."""
    strategy = current_strategy()
    found = publishing.status_now(strategy, datetime.now(UTC))
    return render(None, "incidents/status.html", {"status": found, "zone": strategy.business_hours.time_zone})


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, number: int) -> HttpResponse:
    incident = selectors.incident_for(request.user, number)
    require_change(request.user)
    if request.method == "POST" and request.POST.get("action") == "withdraw":
        if publishing.withdraw(incident, request, time.time()):
            messages.success(request, "It is off the status page. What was said is kept here.")
        return redirect("incidents:detail", number=number)
    strategy = current_strategy()
    form = PublishForm(strategy, request.POST or None, initial=_initial(request, incident))
    if request.method == "POST" and form.is_valid() and _published(form, incident, request):
        messages.success(request, "It stands on the status page.")
        return redirect("incidents:detail", number=number)
    context = {
        "incident": incident,
        "form": form,
        "drafts": drafts_of(strategy, incident, datetime.now(UTC)),
        "words": incident.public_updates.select_related("user").order_by("-at", "-pk"),
        "reach": reach_of(incident),
        "owed_from": strategy.incidents.public_update_share,
    }
    return render(request, "incidents/publish.html", context)


def _published(form: PublishForm, incident: Incident, request: HttpRequest) -> bool:
    given = form.cleaned_data
    try:
        publishing.require_publishable(incident, given["stage"])
    except IncidentError as error:
        form.add_error("stage", str(error))
        return False
    publishing.publish(
        incident,
        title=given["public_title"],
        impact=given["impact"],
        features=given["features"],
        stage=given["stage"],
        text=given["text"],
        by=request,
        now=time.time(),
    )
    return True


def _initial(request: HttpRequest, incident: Incident) -> dict[str, object]:
    """With the draft that `?draft=` names."""
    strategy = current_strategy()
    drafts = {one.stage: one for one in drafts_of(strategy, incident, datetime.now(UTC))}
    stage = request.GET.get("draft", "resolved" if not incident.is_open else "investigating")
    draft = drafts.get(stage)
    impact = incident.impact if incident.is_public else Impact.DEGRADED
    return {
        "public_title": incident.public_title or "Some things are slow or fail",
        "impact": impact,
        "features": incident.features,
        "stage": stage if draft else "investigating",
        "text": draft.text if draft else "",
    }

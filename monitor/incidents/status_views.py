"""The status page: for everybody, so only published incidents and their words."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitor.incidents.models import OPEN_STATES, Incident


@login_not_required
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    incidents = Incident.objects.filter(is_public=True, state__in=OPEN_STATES).order_by("-detected_at")
    return render(request, "incidents/status.html", {"incidents": incidents})

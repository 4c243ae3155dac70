"""The list of incidents, and the page of one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitor.incidents import selectors
from monitor.site.filters import Filters
from monitor.site.lists import page_of


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    filters = Filters.of(request)
    found = selectors.visible_incidents(request.user).filter(project__in=filters.projects)
    page = page_of(request, found.select_related("project").order_by("-detected_at"))
    return render(request, "incidents/list.html", {"filters": filters, "page": page})


@require_safe
def detail(request: HttpRequest, number: int) -> HttpResponse:
    incident = selectors.incident_for(request.user, number)
    timeline = incident.timeline.select_related("user").order_by("at", "pk")
    return render(request, "incidents/detail.html", {"incident": incident, "timeline": timeline})

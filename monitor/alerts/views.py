"""Pages of episodes: the list, and one of them."""

from __future__ import annotations

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitor.alerts import selectors
from monitor.alerts.models import Episode
from monitor.site.filters import Filters
from monitor.site.lists import page_of


@require_safe
def episode_list(request: HttpRequest) -> HttpResponse:
    filters = Filters.of(request)
    found = Episode.objects.filter(project__in=filters.projects).select_related("project")
    if filters.environment:
        found = found.filter(environment=filters.environment)
    found = found.order_by(F("ended_at").desc(nulls_first=True), "-began_at")
    context = {"filters": filters, "page": page_of(request, found)}
    return render(request, "alerts/list.html", context)


@require_safe
def episode(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "alerts/episode.html", {"episode": selectors.episode_for(request.user, pk)})

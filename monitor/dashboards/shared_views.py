"""Sharing a dashboard by link, and what whoever has the link sees: figures, and nothing that names a person or an error."""

from __future__ import annotations

import time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from monitor.access.permissions import require_change
from monitor.dashboards import sharing
from monitor.dashboards.drawing import dashboard_named, drawn
from monitor.dashboards.look import Look
from monitor.site.filters import PERIODS
from monitor.slos.filters import ServiceFilters


@require_POST
def share(request: HttpRequest, name: str) -> HttpResponse:
    require_change(request.user)
    dashboard = dashboard_named(name)
    filters = ServiceFilters.of(request)
    try:
        link, token = sharing.share(
            request,
            dashboard.name,
            filters.projects,
            environment=filters.environment,
            period=filters.period_name,
            days=_whole(request.POST.get("days", "")),
            note=request.POST.get("note", ""),
        )
    except ValueError as error:
        messages.error(request, str(error))
        return redirect("dashboards:detail", name=name)
    address = request.build_absolute_uri(reverse("dashboards:shared", args=[token]))
    context = {"dashboard": dashboard, "link": link, "address": address, "filters": filters}
    return render(request, "dashboards/made.html", context)


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else 0


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(sharing.visible_links(request.user), pk=pk)
    require_change(request.user)
    sharing.revoke(request, link)
    messages.success(request, f"The link to {link} leads nowhere from now on.")
    return redirect("dashboards:list")


@login_not_required
@never_cache
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    return _answer(request, "dashboards/shared.html", token)


@login_not_required
@never_cache
@require_safe
def shared_panels(request: HttpRequest, token: str) -> HttpResponse:
    """The part that renews itself."""
    return _answer(request, "dashboards/_panels.html", token)


def _answer(request: HttpRequest, template: str, token: str) -> HttpResponse:
    response = render(request, template, _context(request, token))
    # The address is the key: it is told to no other page, and found by no search.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _context(request: HttpRequest, token: str) -> dict[str, Any]:
    link = sharing.link_for(token)
    if link is None:
        raise Http404("This link leads nowhere: it has expired, was revoked, or never was.")
    dashboard = dashboard_named(link.dashboard)
    words, length_s = PERIODS[link.period]
    now = time.time()
    look = Look(list(link.projects.all()), link.environment, now - length_s, now, has_links=False)
    everything = request.GET.get("more") == "1"
    return {
        "dashboard": dashboard,
        "link": link,
        "look_projects": look.projects,
        "period_words": words,
        "token": token,
        "drawn": drawn(dashboard, look, everything=everything),
        "everything": everything,
    }

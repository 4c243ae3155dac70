"""The list of incidents, the page of one, and opening one by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from monitor.access.models import User
from monitor.access.permissions import require_change
from monitor.incidents import listing, selectors, services
from monitor.incidents.forms import NewIncidentForm
from monitor.incidents.models import Incident
from monitor.incidents.page import IncidentPage
from monitor.issues.models import Issue
from monitor.site.filters import Filters
from monitor.site.lists import page_of
from monitor.site.strategy_file import current_strategy

PAGE_SIZE = 40


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    strategy, now = current_strategy(), datetime.now(UTC)
    filters = Filters.of(request, default_period="90d")
    choice = listing.Choice.of(request, strategy)
    found = listing.incidents_of(request.user, filters, choice, strategy, now)
    page = page_of(request, listing.with_what_was_told(found), PAGE_SIZE)
    context = {
        "filters": filters,
        "choice": choice,
        "page": page,
        "rows": listing.rows_of(strategy, page.object_list),
        "means": listing.means_of(found) if choice.tab == "all" else None,
        "only_words": listing.ONLY.get(choice.only, ""),
        "goals": strategy.goals,
        "tabs": listing.TABS.items(),
        "severities": list(strategy.severities),
        "now_s": now.timestamp(),
        "has_any": bool(page.object_list) or selectors.visible_incidents(request.user).exists(),
        "may_change": _may_change(request),
    }
    return render(request, "incidents/list.html", context)


@require_safe
def detail(request: HttpRequest, number: int) -> HttpResponse:
    """As JSON it only says whether something has happened since `?last=`: for the page, which then loads again."""
    incident = selectors.incident_for(request.user, number)
    last = incident.timeline.order_by("-pk").values_list("pk", flat=True).first() or 0
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"changed": request.GET.get("last") != str(last)})
    page = IncidentPage(incident, current_strategy(), datetime.now(UTC), _may_change(request))
    context = {"incident": incident, "page": page, "last": last}
    return render(request, "incidents/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Also from an issue: `?issue=12` fills in what it knows."""
    require_change(request.user)
    issue = selectors.issue_to_link(
        request.user, request.GET.get("issue", "") or request.POST.get("issue", "")
    )
    form = NewIncidentForm(request.user, current_strategy(), request.POST or None, issue=issue)
    if request.method == "POST" and form.is_valid():
        incident, is_new = _opened(request, form.cleaned_data, issue)
        if is_new:
            messages.success(request, f"Incident #{incident.number} is open, and people are being told.")
        else:
            messages.info(
                request, f"Incident #{incident.number} was opened so just now; none was opened anew."
            )
        return redirect("incidents:detail", number=incident.number)
    return render(
        request, "incidents/new.html", {"form": form, "issue": issue}, status=422 if form.errors else 200
    )


def _opened(request: HttpRequest, given: dict[str, Any], issue: Issue | None) -> tuple[Incident, bool]:
    """The incident, and whether it is new: a form that is sent twice tells nobody twice."""
    now = time.time()
    with transaction.atomic():
        same = selectors.just_opened(given["project"], given["title"], given["environment"], now)
        if same is not None:
            return same, False
        incident = services.open_by_hand(
            given["project"],
            title=given["title"],
            severity=given["severity"],
            environment=given["environment"],
            started_at=now - 60 * (given["minutes"] or 0),
            issues=[issue] if issue is not None and issue.project_id == given["project"].pk else [],
            now=now,
            by=request,
        )
    return incident, True


def _may_change(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.may_change

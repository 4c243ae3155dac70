"""The page of a review, its export, and the figures of how incidents are handled."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from monitor.access.audit import record
from monitor.access.models import User
from monitor.access.permissions import require_change
from monitor.incidents import figures as reckoning
from monitor.incidents import review as writing_up
from monitor.incidents import selectors
from monitor.incidents.course import IncidentError
from monitor.incidents.markdown import rendered
from monitor.incidents.models import Incident
from monitor.incidents.page import IncidentPage
from monitor.site.filters import Filters
from monitor.site.strategy_file import current_strategy

_STEPS = {"week": reckoning.weeks, "month": reckoning.months}
_SHOWN = {"week": 8, "month": 6}


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, number: int) -> HttpResponse:
    incident = selectors.incident_for(request.user, number)
    if request.method == "POST":
        return _save(request, incident)
    strategy = current_strategy()
    found = writing_up.review_of(incident)
    may_change = isinstance(request.user, User) and request.user.may_change
    due = writing_up.due_at(strategy, incident)
    page = IncidentPage(incident, strategy, datetime.now(UTC), may_change)
    context = {
        "incident": incident,
        "page": page,
        "review": found,
        "facts": writing_up.facts_of(strategy, incident),
        "fields": [
            (name, label, asks, getattr(found, name), rendered(getattr(found, name)))
            for name, (label, asks) in writing_up.FIELDS.items()
        ],
        "due": due,
        "is_overdue": due is not None and due < datetime.now(UTC),
        "closing": [one for one in page.checklists if one.name == "closing"],
        "may_write": may_change and incident.reviewed_at is None,
        "edits": may_change and incident.reviewed_at is None and (found.pk is None or "edit" in request.GET),
        "longest": writing_up.LONGEST,
    }
    return render(request, "incidents/review.html", context)


def _save(request: HttpRequest, incident: Incident) -> HttpResponse:
    require_change(request.user)
    now = time.time()
    texts = {name: request.POST[name] for name in writing_up.FIELDS if name in request.POST}
    try:
        writing_up.save(incident, texts, request, now)
        if request.POST.get("action") == "complete":
            writing_up.complete(incident, request, now)
            messages.success(request, "The review is complete.")
        else:
            messages.success(request, "The review is kept.")
    except IncidentError as error:
        messages.error(request, str(error))
        return redirect(reverse("incidents:review", args=[incident.number]) + "?edit=1")
    return redirect("incidents:review", number=incident.number)


@require_safe
def export(request: HttpRequest, number: int) -> HttpResponse:
    incident = selectors.incident_for(request.user, number)
    record(request, "incident.review_exported", incident, incident.project)
    text = writing_up.document(current_strategy(), incident)
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="incident-{incident.number}.md"'
    return response


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """By week or month: each number leads to the list that it is reckoned from."""
    strategy, now = current_strategy(), datetime.now(UTC)
    filters = Filters.of(request)
    step = request.GET.get("by", "week")
    step = step if step in _STEPS else "week"
    stretches = _STEPS[step](strategy, _SHOWN[step], now)
    found = reckoning.figures(
        strategy,
        filters.projects,
        stretches,
        now.timestamp(),
        environment=filters.environment,
        names_projects=filters.narrowed,
    )
    context = {
        "filters": filters,
        "step": step,
        "columns": found[::-1],
        "rows": [(row[0], row[::-1]) for row in zip(*(one.all for one in found), strict=True)],
        "counts": [one.incidents for one in found],
        "labels": [one.stretch.label for one in found],
    }
    return render(request, "incidents/figures.html", context)

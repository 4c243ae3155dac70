"""Reports on pages: the index, each by its date, and the triage list, which is worked on."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from monitor.access.models import User
from monitor.access.permissions import require_change, visible_projects
from monitor.issues.journal import ActionError
from monitor.issues.models import Issue
from monitor.issues.orders import Order
from monitor.reports.models import Kind, Report
from monitor.reports.periods import Period, period_named
from monitor.reports.selectors import assignees, neighbours, reports_of, sections_for
from monitor.reports.services import write_by_hand, zone
from monitor.reports.triage import to_triage
from monitor.reports.wording import markdown_of, title_of, when_of
from monitor.site.filters import Filters
from monitor.site.lists import page_of, row_ids
from monitor.site.strategy_file import current_strategy

SHOWN = 50
_TABS = (("", "All"), (Kind.DAILY, "Daily"), (Kind.WEEKLY, "Weekly"), (Kind.MONTHLY, "Monthly"))
_DONE_HERE = frozenset({"resolve", "ignore", "assign"})


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All reports, the newest first."""
    kind = request.GET.get("kind", "")
    page = page_of(request, reports_of(kind if kind in (Kind.DAILY, Kind.WEEKLY, Kind.MONTHLY) else ""))
    strategy = current_strategy()
    context = {
        "page": page,
        "rows": [(one, when_of(one, zone())) for one in page.object_list],
        "kind": kind,
        "tabs": _TABS,
        "digest": strategy.digest,
        "time_zone": strategy.business_hours.time_zone,
        "waiting": to_triage(
            list(visible_projects(request.user).values_list("pk", flat=True)), time.time()
        ).count(),
    }
    return render(request, "reports/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """As it was written. One that was not, because the monitor was away, can be written now by who may change."""
    period = _period(kind, name)
    found = Report.objects.filter(kind=period.kind, name=period.name).first()
    if request.method == "POST":
        require_change(request.user)
        if period.due > time.time():
            raise Http404("It is not due yet.")
        if write_by_hand(period, time.time(), request) is None:
            messages.info(request, "It was written already, and stays as it is.")
        return redirect("reports:report", kind=period.kind, name=period.name)
    if found is None:
        return _missing(request, period)
    older, newer = neighbours(found)
    context: dict[str, Any] = {
        "report": found,
        "sections": sections_for(request.user, found),
        "when": when_of(found, zone()),
        "title": title_of(found, zone()),
        "older": older,
        "newer": newer,
        "time_zone": zone().key,
    }
    return render(request, "reports/report.html", context)


@require_safe
def as_markdown(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """A file to take along, of the projects that the reader sees."""
    period = _period(kind, name)
    found = Report.objects.filter(kind=period.kind, name=period.name).first()
    if found is None:
        raise Http404(f"There is no {kind} report {name}.")
    text = markdown_of(found, zone(), sections_for(request.user, found))
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{period.kind}-{period.name}.md"'
    return response


@require_safe
def triage(request: HttpRequest) -> HttpResponse:
    """What waits now: it is worked on here, and is empty when all is done."""
    filters = Filters.of(request)
    found = to_triage(filters.project_ids, time.time()).select_related("project")
    user = request.user
    may_change = isinstance(user, User) and user.may_change
    context = {
        "filters": filters,
        "issues": list(found[:SHOWN]),
        "number": found.count(),
        "may_change": may_change,
        "assignees": assignees(filters.project_ids) if may_change else [],
        "digest": current_strategy().digest,
        "grave": found.filter(severity__in=("P0", "P1")).count(),
    }
    return render(request, "reports/triage.html", context)


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Resolve, ignore or assign what is ticked; then back to what is left."""
    require_change(request.user)
    visible = Issue.objects.filter(project__in=visible_projects(request.user)).select_related("project")
    try:
        order = _order_of_this_page(request)
        chosen = row_ids(request.POST.getlist("issue")[:SHOWN])
        messages.success(request, order.carry_out(list(visible.filter(pk__in=chosen)), request).words)
    except ActionError as error:
        messages.error(request, str(error))
    query = request.GET.urlencode()
    return HttpResponseRedirect(reverse("reports:triage") + (f"?{query}" if query else ""))


def _order_of_this_page(request: HttpRequest) -> Order:
    order = Order.read(request.POST.dict())
    if order.verb not in _DONE_HERE:
        raise ActionError("Here issues are resolved, ignored or assigned; all else on their own pages.")
    return order


def _missing(request: HttpRequest, period: Period) -> HttpResponse:
    unwritten = Report(
        kind=period.kind, name=period.name, since=_moment(period.since), until=_moment(period.until)
    )
    context = {
        "title": title_of(unwritten, zone()),
        "is_due": period.due <= time.time(),
        "due": _moment(period.due),
        "may_change": isinstance(request.user, User) and request.user.may_change,
    }
    return render(request, "reports/missing.html", context, status=404)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _period(kind: str, name: str) -> Period:
    """Raises Http404 for what is no report's address."""
    period = (
        period_named(Kind(kind), name, current_strategy().digest, zone()) if kind in Kind.values else None
    )
    if period is None:
        raise Http404(f"No report is called {kind} {name}.")
    return period

"""Pages of dashboards, each with a fragment of its panels that the page asks for again and again while it is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitor.access.models import User
from monitor.dashboards import costs, sharing
from monitor.dashboards.counted import BY, LEVELS, counted
from monitor.dashboards.drawing import dashboard_named, drawn
from monitor.dashboards.look import Look
from monitor.dashboards.together import strands
from monitor.digest.system import volume as volumes
from monitor.digest.system.coverage import coverage
from monitor.digest.system.quota import quota
from monitor.site.filters import DEFAULT_PERIOD
from monitor.site.strategy_file import current_strategy
from monitor.slos.filters import ServiceFilters
from monitor.stats.outcomes import ACCEPTED
from strategy.model.following_up import Dashboard

CORRELATION_EVERY_S = 15
_MANY = {"severity": "Severities", "category": "Categories", "type": "Types"}


def look_of(filters: ServiceFilters) -> Look:
    """What a request looks at."""
    fields = tuple(filters.fields)
    if filters.period_name == DEFAULT_PERIOD:
        # Other rooms have other periods where none is said.
        fields += (("period", DEFAULT_PERIOD),)
    return Look(
        filters.projects,
        filters.environment,
        filters.since.timestamp(),
        filters.until.timestamp(),
        fields,
    )


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    filters = ServiceFilters.of(request)
    context = {
        "filters": filters,
        "dashboards": [
            (one, ", ".join(name.replace("_", " ") for name in one.panels))
            for one in current_strategy().dashboards.values()
        ],
        "links": sharing.visible_links(request.user) if _may_change(request) else [],
    }
    return render(request, "dashboards/index.html", context)


@never_cache
@require_safe
def detail(request: HttpRequest, name: str) -> HttpResponse:
    dashboard = dashboard_named(name)
    context = _context(request, dashboard) | {
        "others": current_strategy().dashboards.values(),
        "may_change": _may_change(request),
        "lifetimes": sharing.LIFETIMES.items(),
    }
    return render(request, "dashboards/detail.html", context)


@never_cache
@require_safe
def panels(request: HttpRequest, name: str) -> HttpResponse:
    """The part that renews itself."""
    return render(request, "dashboards/_panels.html", _context(request, dashboard_named(name)))


def _context(request: HttpRequest, dashboard: Dashboard) -> dict[str, Any]:
    filters = ServiceFilters.of(request)
    everything = request.GET.get("more") == "1"
    return {
        "dashboard": dashboard,
        "filters": filters,
        "drawn": drawn(dashboard, look_of(filters), everything=everything),
        "everything": everything,
        "default_period": DEFAULT_PERIOD,
    }


@never_cache
@require_safe
def correlation(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboards/correlation.html", _correlation(request))


@never_cache
@require_safe
def correlation_panels(request: HttpRequest) -> HttpResponse:
    """The part that renews itself."""
    return render(request, "dashboards/_strands.html", _correlation(request))


def _correlation(request: HttpRequest) -> dict[str, Any]:
    filters = ServiceFilters.of(request)
    look = look_of(filters)
    found = strands(look)
    return {
        "filters": filters,
        "look": look,
        "strands": found,
        "is_empty": all(one.chart.is_empty for one in found),
        "every_s": CORRELATION_EVERY_S,
    }


@never_cache
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """`?by=` severity, category or type; `?severity=P0,P1` and `?level=all` say which."""
    filters = ServiceFilters.of(request)
    by, level = request.GET.get("by", ""), request.GET.get("level", "")
    by, level = (by if by in BY else "severity"), (level if level in LEVELS else "errors")
    known = current_strategy().severities
    severities = [one for one in request.GET.get("severity", "").split(",") if one in known]
    if by == "type":
        level, severities = "errors", []
    context = {
        "filters": filters,
        "by": by,
        "by_words": BY[by],
        "by_words_many": _MANY[by],
        "choices": BY.items(),
        "level": level,
        "levels": LEVELS.items(),
        "severities": severities,
        "goal": current_strategy().goals.coverage,
        "found": counted(
            look_of(filters),
            by,
            page=request.GET.get("page", ""),
            severities=severities,
            errors_only=level == "errors",
        ),
    }
    return render(request, "dashboards/events.html", context)


@never_cache
@require_safe
def volume(request: HttpRequest) -> HttpResponse:
    """What comes in, what is dropped and why, and what the month will come to. Of all environments: the protocol counts
    what it refuses before it has read from where it came."""
    filters = ServiceFilters.of(request)
    strategy = current_strategy()
    month = quota(filters.projects, strategy.retention.monthly_quota)
    outcomes = volumes.volume(filters.projects, with_unknown=_is_admin(request) and not filters.narrowed)
    context = {
        "filters": filters,
        "quota": month,
        "volume": outcomes,
        "taken": [row for row in outcomes.rows if row.outcome == ACCEPTED],
        "events_url": look_of(replace(filters, environment="")).link(
            "dashboards:events", by="category", level="all"
        ),
        "coverage": coverage(
            filters.projects, strategy.goals.coverage, since=filters.since, until=filters.until
        ),
        "cost_an_event": settings.EVENT_COST,
        "cost_used": costs.money(costs.cost_of(month.used)),
        "cost_forecast": costs.money(costs.cost_of(month.forecast)),
        "by_project": [
            (project, used, costs.money(costs.cost_of(used))) for project, used in month.by_project
        ],
    }
    return render(request, "dashboards/volume.html", context)


def _may_change(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.may_change


def _is_admin(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_admin

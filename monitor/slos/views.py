"""Pages of objectives: all of them at a glance, and one with its budget's course and what ate it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from monitor.site.strategy_file import current_strategy
from monitor.slos import spending
from monitor.slos.filters import ServiceFilters
from monitor.slos.selectors import Watch, objective_of, objectives
from monitor.slos.words import things


@require_safe
def slo_list(request: HttpRequest) -> HttpResponse:
    filters = ServiceFilters.of(request)
    found = objectives(filters.where, time.time())
    context = {
        "filters": filters,
        "rows": [(one, things(one.slo.measures)) for one in found],
        "kept": sum(one.state in ("kept", "low") for one in found),
        "counted": sum(one.state != "nothing" for one in found),
    }
    return render(request, "slos/list.html", context)


@require_safe
def detail(request: HttpRequest, name: str) -> HttpResponse:
    slo = current_strategy().slos.get(name)
    if slo is None:
        raise Http404(f"The strategy has no objective {name}.")
    filters = ServiceFilters.of(request)
    objective = objective_of(slo, filters.where, time.time())
    kind, eaters = spending.eaters(objective)
    context = {
        "filters": filters,
        "one": objective,
        "things": things(slo.measures),
        "moments": [datetime.fromtimestamp(start, UTC) for start in objective.course.starts],
        "burned_down": objective.burned_down,
        "bad": objective.course.bad,
        "step_words": "a day" if objective.course.step >= 86_400 else "an hour",
        "watches": [(watch, _rule_url(watch)) for watch in objective.watches],
        "eater_kind": kind,
        "eaters": eaters,
        "tasks": spending.tasks(objective),
        "causes": spending.causes(objective),
        "features": [current_strategy().features[each].title for each in slo.features],
        "other_bound": slo.measures == "latency" and not spending.page_bound_is_own(objective),
        "others": [each for each in current_strategy().slos.values() if each.name != name],
    }
    return render(request, "slos/detail.html", context)


def _rule_url(watch: Watch) -> str:
    try:
        return reverse("alerts:rule", args=[watch.rule.id])
    except NoReverseMatch:
        return ""

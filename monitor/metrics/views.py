"""Pages of metrics: the list, and one of them by its labels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitor.metrics import pages
from monitor.metrics.models import Kind
from monitor.metrics.selectors import Where, points
from monitor.performance.filters import PerformanceFilters
from monitor.site.lists import searched

PAGE_SIZE = 25
_TAKEN = frozenset({"by", "not_before"})
"""Labels that are options of the selectors: by these, a metric is not narrowed."""


@require_safe
def metric_list(request: HttpRequest) -> HttpResponse:
    filters = PerformanceFilters.of(request)
    where = Where(filters.project_ids, filters.environment)
    words = searched(request)
    page = Paginator(pages.metrics_of(where, words), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    pages.fill(rows, where, filters.since.timestamp(), filters.until.timestamp())
    context = {"filters": filters, "page": page, "rows": rows, "words": words}
    return render(request, "metrics/list.html", context)


@require_safe
def metric(request: HttpRequest, name: str) -> HttpResponse:
    filters = PerformanceFilters.of(request)
    where = Where(filters.project_ids, filters.environment)
    known = pages.kind_of(where, name)
    if known is None:
        raise Http404("These projects have no such metric, or no longer.")
    kind, unit = known
    since, until = filters.since.timestamp(), filters.until.timestamp()
    step = pages.step_for(since, until)
    labels = pages.labels_of(where, name)
    only = _only(request, labels)
    steps = points(where, name, since, until, step, **only)
    label = request.GET.get("by", labels[0] if labels else "")
    parts = pages.by_label(where, name, kind, label, since, until, **only) if label in labels else []
    context = {
        "filters": filters,
        "name": name,
        "kind": kind,
        "kind_words": Kind(kind).label.lower(),
        "unit": pages.unit_of(unit),
        "moments": [datetime.fromtimestamp(one.start, UTC) for one in steps],
        "course": _course(kind, steps),
        "whole": pages.whole_of(where, name, kind, steps, since, until, **only),
        "only": only,
        "labels": labels,
        "label": label,
        "parts": parts,
        "drawn": {one.value or "(none)": one.course for one in parts[: pages.LINES]},
        "step_words": f"each {_words(step)}",
    }
    return render(request, "metrics/metric.html", context)


def _course(kind: str, steps: list[Any]) -> Any:
    """A counter's sums, a gauge's mean, a distribution's quantiles."""
    if kind != Kind.DISTRIBUTION:
        return pages.values_of(steps, kind)
    quantiles = [one.quantiles(pages.SHARES) for one in steps]
    return {f"p{share * 100:g}": [one[n] for one in quantiles] for n, share in enumerate(pages.SHARES)}


def _only(request: HttpRequest, labels: list[str]) -> dict[str, str]:
    """`?only=task:experiments.tasks.train`: what has this value of this label. What names no label counts as not said."""
    label, _, value = request.GET.get("only", "").partition(":")
    return {label: value} if label in labels and label not in _TAKEN else {}


def _words(step: int) -> str:
    return {60: "minute", 300: "5 minutes", 3600: "hour", 86_400: "day"}[step]

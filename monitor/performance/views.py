"""Pages of transactions: the list, one of them, one sample, and their SQL."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitor.performance import overview as listing
from monitor.performance import selectors
from monitor.performance.apdex import apdex_t_ms
from monitor.performance.exact import Exact, exact_counts
from monitor.performance.figures import QUANTILES, course_of, quantiles_of, sums_of
from monitor.performance.filters import PerformanceFilters
from monitor.performance.layers import LAYERS, OWN
from monitor.performance.scope import Scope
from monitor.performance.waterfall import bars_of
from monitor.releases.models import Release
from monitor.site.lists import searched

PAGE_SIZE = 25
LAYER_WORDS = dict(
    zip(
        (*LAYERS, OWN),
        ("middleware", "database", "cache", "templates", "calls to others", "queueing", "own code"),
        strict=True,
    )
)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    filters = PerformanceFilters.of(request)
    scope = filters.scope
    is_task = request.GET.get("tab") == "tasks"
    words = searched(request)
    sort = request.GET.get("sort", "time")
    sort = sort if sort in listing.SORTS else "time"
    rows = listing.rows_of(scope, is_task=is_task, words=words, sort=sort)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    listing.fill(shown, scope)
    projects = {project.pk: project for project in filters.projects}
    context = {
        "filters": filters,
        "scope": scope,
        "tab": "tasks" if is_task else "web",
        "page": page,
        "rows": [(row, projects[row.project_id]) for row in shown],
        "several_projects": len(projects) > 1,
        "words": words,
        "sort": sort,
        "sorts": [(name, label) for name, (label, _) in listing.SORTS.items()],
        "t_ms": apdex_t_ms(),
        "sampled": sum(row.sums.count for row in rows),
        "together": request.GET.get("together") == "1" and _together(rows, scope),
        "counted": sum(row.exact.count for row in rows if row.exact),
        "is_first_use": not rows and not words and listing.is_first_use(filters.project_ids),
    }
    return render(request, "performance/overview.html", context)


def _together(rows: list[listing.Row], scope: Scope) -> dict[str, float | None]:
    """Quantiles of all of them, which each page of the list need not pay for."""
    groups = [group for row in rows for group in row.groups]
    names = (f"p{share * 100:g}" for share in QUANTILES)
    return dict(zip(names, quantiles_of(groups, scope, QUANTILES), strict=True))


@require_safe
def transaction(request: HttpRequest, pk: int) -> HttpResponse:
    group = selectors.group_for(request.user, pk)
    filters = PerformanceFilters.of(request)
    scope = Scope.of([group.project_id], filters.environment, filters.since, filters.until)
    groups = selectors.groups_like(group, filters.environment)
    sums = sums_of(groups, scope)
    course = course_of(groups, scope)
    slowest = selectors.slowest_samples(groups, scope)
    exact: Exact | None = exact_counts(scope, is_task=group.is_task).get((group.project_id, group.name))
    context = {
        "group": group,
        "filters": filters,
        "scope": scope,
        "sums": sums,
        "exact": exact,
        "failed_share": exact.failed_share if exact else sums.failed_share,
        "quantiles": dict(
            zip(
                (f"p{share * 100:g}" for share in QUANTILES),
                quantiles_of(groups, scope, QUANTILES),
                strict=True,
            )
        ),
        "before": quantiles_of(groups, scope.before, [0.95])[0],
        "course": course,
        "layers": {LAYER_WORDS[layer]: values for layer, values in course.layers.items()},
        "t_ms": apdex_t_ms(),
        "slowest": slowest,
        "usual": selectors.samples_by_lot(groups, scope),
        "findings": selectors.findings_of(groups, scope),
        "issues": selectors.related_issues(group, slowest),
    }
    return render(request, "performance/transaction.html", context)


@require_safe
def sample(request: HttpRequest, pk: int) -> HttpResponse:
    found = selectors.sample_for(request.user, pk)
    kept = selectors.kept(found)
    bars = bars_of(kept) if kept is not None else []
    context = {
        "sample": found,
        "group": found.group,
        "kept": kept,
        "bars": [(bar, LAYER_WORDS[bar.layer]) for bar in bars],
        "uid": bytes(found.uid).hex(),
        "trace": bytes(found.trace).hex() if found.trace else "",
        "release": Release.objects.filter(pk=found.release_id).first() if found.release_id else None,
        "issues": selectors.issues_in_trace(found),
        "others": selectors.others_in_trace(found),
        "filters": None,
    }
    return render(request, "performance/sample.html", context)


@require_safe
def queries(request: HttpRequest) -> HttpResponse:
    filters = PerformanceFilters.of(request)
    scope, words = filters.scope, searched(request)
    sort = request.GET.get("sort", "total")
    sort = sort if sort in selectors.QUERY_SORTS else "total"
    found = selectors.queries_of(scope, words, sort)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    findings = selectors.findings_since(scope, filters.since)
    counts = selectors.finding_counts(findings)
    context = {
        "filters": filters,
        "page": page,
        "rows": selectors.query_rows(list(page.object_list), scope),
        "findings": selectors.costliest(findings),
        "counts": counts,
        "number_of_findings": sum(counts.values()),
        "words": words,
        "sort": sort,
        "sorts": [(name, label) for name, (label, _) in selectors.QUERY_SORTS.items()],
    }
    return render(request, "performance/queries.html", context)

"""What ate an error budget: the routes, features, tasks, releases or pages with most bad ones, and the issues behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Sum
from django.urls import reverse

from monitor.digest.sql import as_json, database
from monitor.issues.models import Issue, IssueHour
from monitor.metrics.selectors import FEATURE_USES, REQUESTS, TASKS, is_failed, sums
from monitor.performance.apdex import apdex_t_ms
from monitor.performance.models import TransactionGroup
from monitor.releases.models import ReleaseHour
from monitor.site.strategy_file import current_strategy
from monitor.slos.selectors import Objective

SHOWN = 8
LOOKED_AT = 50
"""Issues whose hours are added up: the most frequent ones ever, of those seen in the window."""
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Eater:
    """So many bad ones of so many. `of_budget` is what they took, as a share of the whole budget."""

    name: str
    bad: float
    total: float
    of_budget: float
    url: str = ""

    @property
    def bad_share(self) -> float | None:
        return self.bad / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Cause:
    """An issue, with how often it happened in the window."""

    issue: Issue
    times: int


def eaters(objective: Objective) -> tuple[str, list[Eater]]:
    """What they are (`Route`, `Feature`, …), and those that took most of the budget."""
    kind, finder = _KINDS[objective.slo.measures]
    if objective.slo.measures == "availability" and objective.slo.features:
        kind, finder = _KINDS["feature_success"]
    allowed = objective.counted.total * objective.slo.error_budget
    found = [
        Eater(name, bad, total, bad / allowed if allowed else 0.0, url)
        for name, bad, total, url in finder(objective)
        if bad > 0
    ]
    return kind, sorted(found, key=lambda one: (-one.bad, one.name))[:SHOWN]


Found = Iterable[tuple[str, float, float, str]]
"""Name, bad, total, address of what is behind."""


def _routes(objective: Objective) -> Found:
    counted = sums(objective.where, REQUESTS, objective.since, objective.now + 1, by=("route", "status"))
    yield from _by_first(
        counted, lambda status: is_failed(status), _metric_url(objective, REQUESTS, "route", by="status")
    )


def _features(objective: Objective) -> Found:
    slo = objective.slo
    strategy = current_strategy()
    counted = sums(
        objective.where,
        FEATURE_USES,
        objective.since,
        objective.now + 1,
        by=("feature", "outcome"),
        feature=slo.features,
    )
    used = {key: number for key, number in counted.items() if key[1] != "refused"}
    url = _metric_url(objective, FEATURE_USES, "feature", by="outcome")
    for name, bad, total, address in _by_first(used, lambda outcome: outcome == "failed", url):
        yield strategy.features[name].title if name in strategy.features else name, bad, total, address


def tasks(objective: Objective) -> list[Eater]:
    """Of an objective of features: its tasks that failed. Requests of a feature cannot be told apart by route."""
    features = current_strategy().features
    patterns = [task for name in objective.slo.features if name in features for task in features[name].tasks]
    if not patterns:
        return []
    counted = {
        (task, outcome): number
        for (task, outcome), number in sums(
            objective.where, TASKS, objective.since, objective.now + 1, by=("task", "outcome")
        ).items()
        if outcome != "refused" and any(fnmatchcase(task, pattern) for pattern in patterns)
    }
    allowed = objective.counted.total * objective.slo.error_budget
    url = _metric_url(objective, TASKS, "task", by="outcome")
    found = [
        Eater(name, bad, total, bad / allowed if allowed else 0.0, address)
        for name, bad, total, address in _by_first(counted, lambda outcome: outcome == "failed", url)
        if bad > 0
    ]
    return sorted(found, key=lambda one: (-one.bad, one.name))[:SHOWN]


def _releases(objective: Objective) -> Found:
    rows = ReleaseHour.objects.filter(
        project__in=objective.where.projects, hour__gte=int(objective.since // _HOUR_S)
    )
    if objective.where.environment:
        rows = rows.filter(environment=objective.where.environment)
    summed = rows.values_list("release__version").annotate(
        total=Sum("sessions"), bad=Sum(F("errored") + F("crashed") + F("abnormal"))
    )
    query = _of_window(objective)
    for version, total, bad in summed:
        yield version, bad, total, f"{reverse('releases:detail', args=[version])}?{query}"


def _pages(objective: Objective) -> Found:
    """By name of the transaction. The bound is that of Apdex where the objective's own is another."""
    rows = TransactionGroup.objects.filter(project__in=objective.where.projects, is_task=False)
    if objective.where.environment:
        rows = rows.filter(environment=objective.where.environment)
    groups = {
        pk: (name, environment) for pk, name, environment in rows.values_list("pk", "name", "environment")
    }
    summed = database().execute(
        "SELECT group_id, sum(count), sum(quick) FROM performance_transactionbucket"
        " INDEXED BY transactions_by_time WHERE step = 1440 AND minute >= ? AND minute < ?"
        " AND group_id IN (SELECT value FROM json_each(?)) GROUP BY group_id",
        (int(objective.since // 86_400) * 1440, int(objective.now // 60) + 1, as_json(groups)),
    )
    for group, total, quick in summed:
        name, environment = groups[group]
        address = reverse("performance:transaction", args=[group])
        yield name, total - quick, total, f"{address}?{_of_window(objective, environment)}"


def _by_first(
    counted: Mapping[Any, float], is_bad: Callable[[str], bool], url_of: Callable[[str], str]
) -> Found:
    totals: dict[str, list[float]] = {}
    for (name, how), number in counted.items():
        both = totals.setdefault(name, [0.0, 0.0])
        both[0] += number if is_bad(how) else 0.0
        both[1] += number
    for name, (bad, total) in totals.items():
        yield name or "(none)", bad, total, url_of(name)


def _metric_url(objective: Objective, metric: str, label: str, *, by: str) -> Callable[[str], str]:
    """Of one value of a label: the page of the metric, taken apart by another one."""
    page, query = reverse("performance:metric", args=[metric]), _of_window(objective)
    return lambda value: f"{page}?{urlencode({'by': by, 'only': f'{label}:{value}'})}&{query}"


def _of_window(objective: Objective, environment: str = "") -> str:
    """The time and the environment of an objective, as part of an address."""
    query = {"since": f"{objective.since:.0f}", "until": f"{objective.now + 1:.0f}"}
    environment = objective.where.environment or environment
    return urlencode({**query, "environment": environment} if environment else query)


def causes(objective: Objective) -> list[Cause]:
    """Issues that happened most in the window, of those that are an error of ours."""
    if objective.slo.measures == "latency":
        return []
    seen = Issue.objects.filter(
        project__in=objective.where.projects,
        last_seen__gte=objective.since,
        level__in=("error", "fatal"),
    )
    ids = list(seen.order_by("-times").values_list("pk", flat=True)[:LOOKED_AT])
    hours = (
        IssueHour.objects.filter(issue__in=ids, hour__gte=int(objective.since // _HOUR_S))
        .values_list("issue")
        .annotate(times=Sum("times"))
        .order_by("-times")[:SHOWN]
    )
    times = dict(hours)
    issues = Issue.objects.select_related("project").in_bulk(times)
    return [Cause(issues[pk], number) for pk, number in times.items()]


_KINDS: dict[str, tuple[str, Callable[[Objective], Found]]] = {
    "availability": ("Route", _routes),
    "feature_success": ("Feature", _features),
    "error_free_sessions": ("Release", _releases),
    "latency": ("Page", _pages),
}


def page_bound_is_own(objective: Objective) -> bool:
    """Whether pages are told apart by the objective's own bound."""
    return (objective.slo.latency_s or 0.0) * 1000 == apdex_t_ms()

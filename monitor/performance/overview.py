"""The list of transactions: sums of all of them to sort by, and the dear figures of those on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.metrics.sketch import Sketch
from monitor.performance.exact import Exact, Key, exact_counts
from monitor.performance.figures import QUANTILES, Sums, sketches_of, sums_by_group
from monitor.performance.models import TransactionGroup
from monitor.performance.scope import Scope

WORSE_BY, BETTER_BY = 1.2, 1 / 1.2
"""A p95 that changed by less against the week before is no news."""
COMPARED_FROM = 20
"""So many transactions are needed in both weeks to compare them."""


@dataclass(slots=True)
class Row:
    """Transactions of one name and op, in all environments of the scope. `groups` are theirs."""

    pk: int
    project_id: int
    name: str
    op: str
    groups: list[int]
    sums: Sums
    exact: Exact | None = None
    quantiles: list[float | None] = field(default_factory=list)
    trend: list[int] = field(default_factory=list)
    p95_before: float | None = None
    """A week before; None where too little is known to compare."""

    @property
    def failed_share(self) -> float | None:
        """Exact where the application counts, otherwise of the samples."""
        return self.exact.failed_share if self.exact else self.sums.failed_share

    @property
    def requests(self) -> float:
        return self.exact.count if self.exact else float(self.sums.count)

    @property
    def p95(self) -> float | None:
        return self.quantiles[2] if self.quantiles else None

    @property
    def change(self) -> float | None:
        """Of the p95, as a share: 0.5 is half as long again."""
        if not self.p95 or not self.p95_before:
            return None
        return self.p95 / self.p95_before - 1

    @property
    def verdict(self) -> str:
        """worse, better, or nothing."""
        if self.change is None:
            return ""
        ratio = self.change + 1
        return "worse" if ratio >= WORSE_BY else "better" if ratio <= BETTER_BY else ""


SORTS: dict[str, tuple[str, Callable[[Row], Any]]] = {
    "time": ("Time in all", lambda row: -row.sums.total_ms),
    "requests": ("Most often", lambda row: -row.requests),
    "mean": ("Slowest on average", lambda row: -(row.sums.mean_ms or 0)),
    "failures": ("Failure rate", lambda row: -(row.failed_share or 0)),
    "apdex": ("Least content", lambda row: row.sums.apdex if row.sums.apdex is not None else 2),
    "name": ("Name", lambda row: row.name),
}
"""By name: words, and the order. All from sums, so that a list of thousands is sorted without a single sketch."""


def rows_of(scope: Scope, *, is_task: bool, words: str = "", sort: str = "time") -> list[Row]:
    """All of them, sorted."""
    sums = sums_by_group(scope)
    groups = TransactionGroup.objects.filter(project__in=scope.projects, is_task=is_task)
    if scope.environment:
        groups = groups.filter(environment=scope.environment)
    if words:
        groups = groups.filter(name__icontains=words)
    exact = exact_counts(scope, is_task=is_task)
    rows: dict[tuple[int, str, str], Row] = {}
    for pk, project, name, op in groups.values_list("pk", "project_id", "name", "op"):
        if pk not in sums:
            continue
        row = rows.get((project, name, op))
        if row is None:
            row = rows[project, name, op] = Row(pk, project, name, op, [], Sums())
        row.groups.append(pk)
        one = sums[pk]
        row.sums = one if len(row.groups) == 1 else row.sums.plus(one)
    _put_exact(rows.values(), exact)
    return sorted(rows.values(), key=lambda row: (SORTS[sort][1](row), row.name, row.pk))


def _put_exact(rows: Any, exact: Mapping[Key, Exact]) -> None:
    for row in rows:
        row.exact = exact.get((row.project_id, row.name))


def fill(rows: Sequence[Row], scope: Scope) -> None:
    """Quantiles, trend and the week before, of the rows of one page."""
    of_group = {group: row for row in rows for group in row.groups}
    place = {minute: number for number, minute in enumerate(scope.minutes)}
    now: dict[int, Sketch] = {}
    for row in rows:
        row.trend = [0] * len(place)
    for group, minute, count, data in sketches_of(of_group, scope):
        row = of_group[group]
        row.trend[place[minute]] += count
        now.setdefault(row.pk, Sketch()).merge_bytes(data)
    before: dict[int, Sketch] = {}
    for group, _, _, data in sketches_of(of_group, scope.before):
        before.setdefault(of_group[group].pk, Sketch()).merge_bytes(data)
    for row in rows:
        row.quantiles = now.get(row.pk, Sketch()).quantiles(QUANTILES)
        past = before.get(row.pk)
        if past is not None and min(past.count, row.sums.count) >= COMPARED_FROM:
            row.p95_before = past.quantile(0.95)


def is_first_use(projects: Sequence[int]) -> bool:
    """Whether nothing was ever received."""
    return not TransactionGroup.objects.filter(project__in=projects).exists()

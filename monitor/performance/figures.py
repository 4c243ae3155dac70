"""Figures of transactions for the pages and for rules: sums from buckets, quantiles from their merged sketches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.digest.sql import as_json, database
from monitor.metrics.sketch import Sketch, merged
from monitor.performance.apdex import apdex
from monitor.performance.layers import LAYERS, OWN
from monitor.performance.models import TransactionGroup
from monitor.performance.scope import Scope

QUANTILES = (0.5, 0.75, 0.95, 0.99)
_SKETCHES = (
    "SELECT b.group_id, b.minute, b.count, s.durations FROM performance_transactionbucket b"
    " CROSS JOIN performance_transactionsketch s ON s.bucket_id = b.id"
    " WHERE b.group_id IN (SELECT value FROM json_each(?)) AND b.step = ? AND b.minute >= ? AND b.minute < ?"
)
_LAYERS = (
    f"SELECT minute, sum(count), sum(failed), sum(total_ms), {', '.join(f'sum({layer}_ms)' for layer in LAYERS)}"  # noqa: S608
    " FROM performance_transactionbucket WHERE group_id IN (SELECT value FROM json_each(?)) AND step = ?"
    " AND minute >= ? AND minute < ? GROUP BY minute"
)


@dataclass(slots=True)
class Sums:
    """What was received of some transactions."""

    count: int = 0
    failed: int = 0
    quick: int = 0
    bearable: int = 0
    total_ms: float = 0.0

    def plus(self, other: Sums) -> Sums:
        return Sums(
            self.count + other.count,
            self.failed + other.failed,
            self.quick + other.quick,
            self.bearable + other.bearable,
            self.total_ms + other.total_ms,
        )

    @property
    def mean_ms(self) -> float | None:
        return self.total_ms / self.count if self.count else None

    @property
    def failed_share(self) -> float | None:
        return self.failed / self.count if self.count else None

    @property
    def apdex(self) -> float | None:
        return apdex(self.quick, self.bearable, self.count)


@dataclass(slots=True)
class Course:
    """Of some groups over time. All lists are as long as the scope's minutes; None where nothing was received."""

    counts: list[int]
    failed: list[int]
    quantiles: dict[str, list[float | None]]
    layers: dict[str, list[float | None]] = field(default_factory=dict)
    """Mean milliseconds a transaction."""

    @property
    def outcomes(self) -> dict[str, list[int]]:
        """Stacked, they are all that were received."""
        well = [count - failed for count, failed in zip(self.counts, self.failed, strict=True)]
        return {"well": well, "failed": self.failed} if any(self.failed) else {"samples": self.counts}


def sums_by_group(scope: Scope) -> dict[int, Sums]:
    """Of all groups, whosever they are: whoever asks picks those that a reader may see."""
    found: dict[int, Sums] = {}
    rows = database().execute(
        "SELECT group_id, sum(count), sum(failed), sum(quick), sum(bearable), sum(total_ms)"
        " FROM performance_transactionbucket INDEXED BY transactions_by_time"
        " WHERE step = ? AND minute >= ? AND minute < ? GROUP BY group_id",
        (scope.step, scope.first, scope.last),
    )
    for group, *sums in rows:
        found[group] = Sums(*sums)
    return found


def sums_of(groups: Sequence[int], scope: Scope) -> Sums:
    """Of these groups together."""
    row = (
        database()
        .execute(
            "SELECT sum(count), sum(failed), sum(quick), sum(bearable), sum(total_ms)"
            " FROM performance_transactionbucket WHERE group_id IN (SELECT value FROM json_each(?))"
            " AND step = ? AND minute >= ? AND minute < ?",
            (as_json(groups), scope.step, scope.first, scope.last),
        )
        .fetchone()
    )
    return Sums() if row[0] is None else Sums(*row)


def sketches_of(groups: Iterable[int], scope: Scope) -> Iterator[tuple[int, int, int, bytes]]:
    """Group, minute, count and the sketch of each bucket."""
    values = (as_json(groups), scope.step, scope.first, scope.last)
    yield from database().execute(_SKETCHES, values)


def quantiles_of(groups: Iterable[int], scope: Scope, shares: Sequence[float]) -> list[float | None]:
    """Milliseconds; of all these groups together."""
    return merged(data for *_, data in sketches_of(groups, scope)).quantiles(shares)


def course_of(groups: Sequence[int], scope: Scope) -> Course:
    """For the charts of one transaction."""
    by_minute: dict[int, Sketch] = {}
    for _, minute, _, data in sketches_of(groups, scope):
        by_minute.setdefault(minute, Sketch()).merge_bytes(data)
    rows = {
        row[0]: row[1:]
        for row in database().execute(_LAYERS, (as_json(groups), scope.step, scope.first, scope.last))
    }
    nothing = Sketch()
    quantiles = [by_minute.get(minute, nothing).quantiles(QUANTILES) for minute in scope.minutes]
    return Course(
        counts=[rows[minute][0] if minute in rows else 0 for minute in scope.minutes],
        failed=[rows[minute][1] if minute in rows else 0 for minute in scope.minutes],
        quantiles={f"p{share * 100:g}": [one[n] for one in quantiles] for n, share in enumerate(QUANTILES)},
        layers=_by_layer([rows.get(minute) for minute in scope.minutes]),
    )


def _by_layer(rows: list[tuple[float, ...] | None]) -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = {OWN: [], **{layer: [] for layer in LAYERS}}
    for row in rows:
        count, total, layers = (row[0], row[2], row[3:]) if row else (0, 0.0, (0.0,) * len(LAYERS))
        for layer, value in zip(LAYERS, layers, strict=True):
            found[layer].append(value / count if count else None)
        found[OWN].append(max(total - sum(layers), 0.0) / count if count else None)
    # A layer that nothing was spent in is no line of a key.
    return {layer: values for layer, values in found.items() if any(values)}


def groups_of(
    projects: Sequence[int], *, environment: str = "", name: str = "", is_task: bool | None = None
) -> list[int]:
    """Keys of groups, for the functions above."""
    found = TransactionGroup.objects.filter(project__in=projects)
    if environment:
        found = found.filter(environment=environment)
    if name:
        found = found.filter(name=name)
    if is_task is not None:
        found = found.filter(is_task=is_task)
    return list(found.values_list("pk", flat=True))


def latency(
    projects: Sequence[int],
    share: float,
    since: datetime,
    until: datetime,
    *,
    environment: str = "",
    name: str = "",
) -> tuple[float | None, int]:
    """A quantile of the durations of requests, in milliseconds, and of how many: for rules and dashboards."""
    scope = Scope.of(projects, environment, since, until)
    groups = groups_of(projects, environment=environment, name=name, is_task=False)
    sketch = merged(data for *_, data in sketches_of(groups, scope))
    return sketch.quantile(share), sketch.count


def quick_share(
    projects: Sequence[int], within_ms: float, since: datetime, until: datetime, *, environment: str = ""
) -> tuple[int, int]:
    """How many requests took no longer, and of how many: for objectives of latency. Right within 1 % of `within_ms`."""
    scope = Scope.of(projects, environment, since, until)
    groups = groups_of(projects, environment=environment, is_task=False)
    sketch = merged(data for *_, data in sketches_of(groups, scope))
    return sketch.count_up_to(within_ms), sketch.count

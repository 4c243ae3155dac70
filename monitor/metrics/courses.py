"""A counter over time, by its labels: what objectives and dashboards draw. Summed by the database, in one statement.

course = courses(where, "requests", since, until, step=3600, by=("status",))
course.of(lambda key: is_failed(key[0]))          # sums of each step, the oldest first
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.digest.sql import database
from monitor.metrics.selectors import Moment, Values, Where, column_of, seconds_of
from monitor.metrics.tiers import tier_for

Key = tuple[str, ...]


@dataclass(frozen=True)
class Course:
    """`starts` are seconds since 1970 of steps of `step` seconds; each of `series` has a value for each of them."""

    step: int
    starts: list[int]
    series: dict[Key, list[float]]

    def of(self, wanted: Callable[[Key], bool]) -> list[float]:
        """The sum of those series, step by step."""
        chosen = [values for key, values in self.series.items() if wanted(key)]
        return [sum(each) for each in zip(*chosen, strict=True)] if chosen else [0.0] * len(self.starts)

    def at(self, *key: str) -> list[float]:
        """One series, step by step; zeros where there is none."""
        return self.series.get(key, [0.0] * len(self.starts))

    @property
    def total(self) -> list[float]:
        return self.of(lambda _: True)


def courses(
    where: Where,
    name: str,
    since: Moment,
    until: Moment,
    step: int,
    *,
    by: Sequence[str] = (),
    counts: bool = False,
    **labels: Values,
) -> Course:
    """Steps are whole multiples of what is kept of the time (`tier_for`); the first and last may reach beyond it.
    With `counts`, how often it was measured, instead of what it adds up to."""
    start, end = seconds_of(since), seconds_of(until)
    tier = tier_for(start, step)
    step = max(step // tier.seconds, 1) * tier.seconds
    per = step // tier.seconds
    first, last = int(start // step), math.ceil(end / step)
    condition, values = where.series(name, labels)
    columns = [column_of(label) for label in by]
    chosen = "".join(f", {column}" for column, _ in columns)
    paths = [path for _, path in columns if path is not None]
    statement = (
        f"SELECT p.{tier.column} / ?{chosen}, sum(p.{'count' if counts else 'total'})"  # noqa: S608
        f" FROM metrics_metricseries s CROSS JOIN {tier.table} p ON p.series_id = s.id"
        f" WHERE {condition} AND p.{tier.column} >= ? AND p.{tier.column} < ?"
        f" GROUP BY {', '.join(str(n + 1) for n in range(len(by) + 1))}"
    )
    series: dict[Key, list[float]] = {}
    for slot, *key, total in database().execute(statement, (per, *paths, *values, first * per, last * per)):
        place = tuple(str(part or "") for part in key)
        series.setdefault(place, [0.0] * (last - first))[slot - first] += total
    return Course(step, [slot * step for slot in range(first, last)], series)

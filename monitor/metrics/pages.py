"""What the pages of metrics show: each metric with a small chart, and one by its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from django.db.models import Count

from monitor.digest.sql import as_json, database
from monitor.metrics.models import Kind, MetricSeries
from monitor.metrics.selectors import Step, Where, latest, numbers, points, quantiles, sums
from monitor.metrics.selectors import total as total_of
from monitor.metrics.tiers import tier_for

SHARES = (0.5, 0.75, 0.95, 0.99)
"""The quantiles of a distribution that are shown."""
LINES = 6
"""Series that are drawn each; the others are in the sum."""
_STEPS = ((2 * 3600, 60), (8 * 3600, 300), (3 * 86_400, 3600))
_DAY_S = 86_400
_UNITS = {"second": "s", "millisecond": "ms", "byte": "bytes", "ratio": "share", "percent": "%"}


@dataclass(slots=True)
class MetricRow:
    """A metric on the list. `figure`: a counter's sum, a gauge's or distribution's mean."""

    name: str
    kind: str
    unit: str
    series: int
    trend: list[float | None] = field(default_factory=list)
    figure: float | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Of a metric, what has one value of a label. `figure`: a counter's sum, otherwise the mean of `number`."""

    value: str
    course: list[float | None]
    figure: float
    number: int


def step_for(since: float, until: float) -> int:
    """Seconds of a chart's steps: some dozens of them, of points that are kept of that time."""
    wanted = next((step for length, step in _STEPS if until - since <= length), _DAY_S)
    return max(wanted, tier_for(since, wanted).seconds)


def unit_of(unit: str) -> str:
    """As monitor.site.quantities writes it."""
    return _UNITS.get(unit, "" if unit == "none" else unit)


def metrics_of(where: Where, words: str = "") -> list[MetricRow]:
    """All that are known, without figures."""
    series = MetricSeries.objects.filter(project__in=where.projects)
    if where.environment:
        series = series.filter(environment=where.environment)
    if words:
        series = series.filter(name__icontains=words)
    rows = series.values("name", "kind", "unit").annotate(number=Count("labels", distinct=True))
    return [
        MetricRow(row["name"], row["kind"], unit_of(row["unit"]), row["number"])
        for row in rows.order_by("name", "kind", "unit")
    ]


def fill(rows: Sequence[MetricRow], where: Where, since: float, until: float) -> None:
    """With what is drawn of the time."""
    step = step_for(since, until)
    for row in rows:
        steps = points(where, row.name, since, until, step)
        row.trend = values_of(steps, row.kind)
        total, count = sum(one.total for one in steps), sum(one.count for one in steps)
        row.figure = total if row.kind == Kind.COUNTER else total / count if count else None


def values_of(steps: Sequence[Step], kind: str) -> list[float | None]:
    """Sums of a counter; of what is measured the mean, and a gap where nothing was."""
    if kind == Kind.COUNTER:
        return [one.total for one in steps]
    return [one.mean for one in steps]


def labels_of(where: Where, name: str) -> list[str]:
    """The labels by which a metric can be taken apart."""
    rows = database().execute(
        "SELECT DISTINCT l.key FROM metrics_metricseries s, json_each(s.labels) l"
        " WHERE s.name = ? AND s.project_id IN (SELECT value FROM json_each(?)) ORDER BY 1",
        (name, as_json(list(where.projects))),
    )
    return [row[0] for row in rows]


def values_of_label(where: Where, name: str, label: str) -> list[str]:
    """At most some thousands: the bound on series is one on them."""
    found = set()
    series = MetricSeries.objects.filter(project__in=where.projects, name=name)
    if where.environment:
        series = series.filter(environment=where.environment)
    for labels in series.values_list("labels", flat=True).distinct():
        value = orjson.loads(labels).get(label)
        if value is not None:
            found.add(str(value))
    return sorted(found)


def kind_of(where: Where, name: str) -> tuple[str, str] | None:
    """Kind and unit of a metric; None when these projects have none of that name."""
    return (
        MetricSeries.objects.filter(project__in=where.projects, name=name)
        .order_by("-pk")
        .values_list("kind", "unit")
        .first()
    )


def by_label(
    where: Where, name: str, kind: str, label: str, since: float, until: float, **only: str
) -> list[Part]:
    """Values of a label, the largest first."""
    step = step_for(since, until)
    sums_of = sums(where, name, since, until, by=(label,), **only)
    measured = numbers(where, name, since, until, by=(label,), **only)
    found = []
    for value in values_of_label(where, name, label)[:200]:
        number = measured.get((value,), 0.0)
        if number:
            total = sums_of.get((value,), 0.0)
            steps = points(where, name, since, until, step, **{**only, label: value})
            figure = total if kind == Kind.COUNTER else total / number
            found.append(Part(value, values_of(steps, kind), figure, round(number)))
    return sorted(found, key=lambda one: (-one.figure, one.value))


def whole_of(
    where: Where, name: str, kind: str, steps: Sequence[Step], since: float, until: float, **only: str
) -> list[tuple[str, float | None, bool]]:
    """All of it in figures: words, value, whether it has the metric's own unit. Exact at both ends of the time, where
    a chart's first and last step reach beyond them."""
    if kind == Kind.COUNTER:
        return [("Sum", total_of(where, name, since, until, **only), True)]
    if kind == Kind.GAUGE:
        newest = [one.value for one in latest(where, name, not_before=since, **only)]
        highs = [step.high for step in steps if step.high is not None]
        return [("Now", max(newest, default=None), True), ("Highest", max(highs, default=None), True)]
    number = sum(numbers(where, name, since, until, **only).values())
    found = zip(SHARES, quantiles(where, name, since, until, SHARES, **only), strict=True)
    return [*((f"p{share * 100:g}", value, True) for share, value in found), ("Measured", number, False)]

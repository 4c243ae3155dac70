"""What the application stands on beside its error rate, on one axis of time, with deploys as marks: and what moved along.

The coefficient is Pearson's, and not one of ranks: in an outage one hour stands out in two courses, and the ranks of all
the quiet hours would drown it. It says nothing of cause, and nothing at all of fewer than a dozen steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation

from monitor.dashboards import readings
from monitor.dashboards.look import Look
from monitor.dashboards.panels.infrastructure import (
    CONNECTIONS,
    MEMORY,
    QUEUE_AGE,
    QUEUE_LENGTH,
    Gauge,
    cache_hits,
    limit_of,
)
from monitor.dashboards.readings import deploy_marks
from monitor.dashboards.step_charts import step_lines
from monitor.metrics.selectors import REQUESTS
from monitor.site.chart_parts import Chart

STEPS_MIN = 12
STRONG = 0.6
"""Beyond this, in either direction, two courses are said to move together."""
_HEIGHT = 64
Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Strand:
    """One course. `along`: Pearson's coefficient with the error rate; None where too little is known."""

    title: str
    chart: Chart
    url: str
    along: float | None = None

    @property
    def moves(self) -> bool:
        return self.along is not None and abs(self.along) >= STRONG

    @property
    def words(self) -> str:
        if self.along is None:
            return ""
        if not self.moves:
            return "does not move with the error rate"
        return "rises with the error rate" if self.along > 0 else "falls as the error rate rises"


def strands(look: Look) -> list[Strand]:
    """The error rate first."""
    rate = readings.failed_shares(look)
    gauges = [_of_gauge(look, gauge) for gauge in (QUEUE_AGE, QUEUE_LENGTH, CONNECTIONS, MEMORY)]
    age, length, connections, memory = gauges
    courses: list[tuple[str, Values, str, float | None, str, str]] = [
        ("Requests that failed", rate, "share", None, "", look.metric_link(REQUESTS, by="status")),
        (
            "p95 of requests",
            readings.durations(look).course,
            "ms",
            None,
            "",
            look.link("performance:overview", together="1"),
        ),
        age,
        length,
        (
            "Cache hits",
            cache_hits(look),
            "share",
            limit_of("cache_hit_ratio"),
            "warns under",
            look.metric_link("cache_lookups", by="outcome"),
        ),
        connections,
        memory,
    ]
    marks = deploy_marks(look)
    return [
        Strand(
            title,
            step_lines(
                look,
                values,
                unit,
                caption=title,
                height=_HEIGHT,
                threshold=limit,
                threshold_label=words,
                marks=marks,
            ),
            url,
            along=None if values is rate else moved_along(rate, values),
        )
        for title, values, unit, limit, words, url in courses
    ]


def _of_gauge(look: Look, gauge: Gauge) -> tuple[str, Values, str, float | None, str, str]:
    values = [step.high for step in readings.gauge(look, gauge.name)]
    return gauge.title, values, gauge.unit, limit_of(gauge.name), "told from", look.metric_link(gauge.name)


def moved_along(one: Values, other: Values) -> float | None:
    """Pearson's correlation, from -1 to 1, of the steps in which both are known.

    None with fewer than a dozen of them, or when one of the two did not move at all.
    """
    pairs = [(x, y) for x, y in zip(one, other, strict=True) if x is not None and y is not None]
    if len(pairs) < STEPS_MIN:
        return None
    first, second = zip(*pairs, strict=True)
    try:
        return correlation(first, second)
    except StatisticsError:
        return None

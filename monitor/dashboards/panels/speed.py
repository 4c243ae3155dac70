"""Panels of time: how long pages take beside how often they fail, and which queries are at fault."""

from __future__ import annotations

from monitor.dashboards import readings
from monitor.dashboards.look import Look
from monitor.dashboards.panel import Line, Panel, change_of
from monitor.dashboards.step_charts import step_lines
from monitor.performance.models import FindingKind
from monitor.performance.scope import Scope
from monitor.performance.selectors import finding_counts, findings_since
from monitor.site.quantities import quantity
from monitor.site.strategy_file import current_strategy

SHOWN = 5
_HEIGHT = 56


def latency_beside_errors(look: Look) -> Panel:
    found = readings.durations(look)
    about = "The 95th percentile of requests, from transactions (sampled), above the share that failed (all requests)."
    if not found.count:
        return Panel(
            title="Slow beside failing",
            about=about,
            empty="Durations come with transactions: SENTRY_TRACES_SAMPLE_RATE says how many are sent.",
        )
    return Panel(
        title="Slow beside failing",
        about=about,
        figure=quantity(found.p95, "ms"),
        note=f"p95 of {quantity(found.count, 'samples')}; median {quantity(found.p50, 'ms')}",
        change=change_of(found.p95, readings.p95_before(look), more_is=False),
        charts=[
            step_lines(
                look,
                found.course,
                "ms",
                caption=f"p95, each {look.step_words}",
                height=_HEIGHT,
                threshold=_promised_ms(),
                threshold_label="promised",
                marks=readings.deploy_marks(look),
            ),
            step_lines(
                look,
                readings.failed_shares(look),
                "share",
                caption="Requests that failed",
                height=_HEIGHT,
                marks=readings.deploy_marks(look),
            ),
        ],
        url=look.link("performance:overview", together="1"),
        url_words="Performance",
    )


def _promised_ms() -> float | None:
    """The bound of the first objective of latency."""
    bounds = (slo.latency_s for slo in current_strategy().slos.values() if slo.latency_s)
    return next((bound * 1000 for bound in bounds), None)


def slow_queries(look: Look) -> Panel:
    scope = Scope.of(look.ids, look.environment, look.since_moment, look.until_moment)
    found = findings_since(scope, look.since_moment)
    numbers = finding_counts(found)
    about = (
        "Queries of half a second or more, and reads that are asked again and again (N+1), seen in this time."
    )
    if not numbers:
        return Panel(title="Slow queries", about=about, figure="0", level="ok", note="none was found",
                     url=look.link("performance:queries"), url_words="Queries")  # fmt: skip
    slow, repeated = (numbers.get(kind, 0) for kind in (FindingKind.SLOW, FindingKind.N_PLUS_ONE))
    worst = found.select_related("statement", "group").order_by("-total_ms")[:SHOWN]
    return Panel(
        title="Slow queries",
        about=about,
        figure=quantity(slow + repeated),
        note=f"{quantity(slow)} slow, {quantity(repeated)} N+1",
        level="warning",
        lines=[
            Line(
                one.statement.text[:120],
                quantity(one.max_ms, "ms"),
                url=look.link("performance:transaction", one.group_id),
                hint=f"{FindingKind(one.kind).label} · {one.group.name} · {quantity(one.times, 'times')}",
            )
            for one in worst
        ],
        url=look.link("performance:queries"),
        url_words="Queries",
    )

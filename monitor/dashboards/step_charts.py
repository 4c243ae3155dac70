"""Charts with a place for each step of a look, as panels draw them."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.dashboards.look import Look
from monitor.site.chart_parts import Chart, Values
from monitor.site.charts import Marks, bar_chart, line_chart

HEIGHT = 74


def step_bars(
    look: Look,
    values: Values | Mapping[str, Values],
    unit: str,
    *,
    caption: str = "",
    colours: Mapping[str, int] | None = None,
) -> Chart:
    """As `bar_chart` has it. `caption`: in place of `Each hour`."""
    return bar_chart(
        values,
        labels=look.moments,
        unit=unit,
        caption=caption or f"Each {look.step_words}",
        height=HEIGHT,
        colours=colours,
    )


def step_lines(
    look: Look,
    values: Values | Mapping[str, Values],
    unit: str,
    *,
    caption: str = "",
    height: int = HEIGHT,
    threshold: float | None = None,
    threshold_label: str = "",
    from_zero: bool = True,
    marks: Marks = (),
) -> Chart:
    """As `line_chart` has it. `caption`: in place of `Each hour`."""
    return line_chart(
        values,
        labels=look.moments,
        unit=unit,
        caption=caption or f"Each {look.step_words}",
        height=height,
        threshold=threshold,
        threshold_label=threshold_label,
        from_zero=from_zero,
        marks=marks,
    )

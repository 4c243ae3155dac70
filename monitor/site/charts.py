"""Small charts drawn by the server: SVG that needs no script and no style of its own, with the figures behind it.

x is in percent of the width and y in pixels, so that a chart fills its place and its text keeps its size. Bars stand on
zero, what is not known stays a gap, and a threshold is a line with its value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from monitor.site.chart_axes import (
    Scale,
    all_whole,
    grid_values,
    labels_below,
    line_scale,
    nice_ceiling,
    percent,
    words_of,
)
from monitor.site.chart_parts import COLOURS, HEADROOM, LABEL_GAP, Chart, Label, Mark, Row, Series, Values
from monitor.site.quantities import quantity

Marks = Iterable[tuple[float, str]]
"""Where on the axis something happened, from 0 to 1, and what it was."""
_THIN_FROM = 60
"""Bars in so many places stand closer to one another."""


def bar_chart(
    values: Values | Mapping[str, Values],
    *,
    labels: Sequence[Label] = (),
    unit: str = "",
    caption: str = "",
    height: int = 120,
    threshold: float | None = None,
    threshold_label: str = "",
    marks: Marks = (),
    colours: Mapping[str, int] | None = None,
) -> Chart:
    """Bars from zero; several series are stacked in their order. `colours`: by name, where they mean something."""
    series = _series(values, colours)
    count = max((len(one.values) for one in series), default=0)
    totals = [sum(v or 0 for one in series if (v := _at(one, i)) is not None) for i in range(count)]
    scale = Scale(0.0, nice_ceiling(max([*totals, threshold or 0.0, 0.0])), height)
    common = _common(series, count, labels, unit, scale, threshold, threshold_label)
    bars = []
    slot = 100 / max(count, 1)
    width = slot * (0.8 if count < _THIN_FROM else 0.9)
    for index in range(count):
        stacked = 0.0
        for one in series:
            value = _at(one, index)
            if not value or value < 0:
                continue
            top, bottom = scale.y(stacked + value), scale.y(stacked)
            # A pixel at least: what happened once among thousands is seen.
            high = max(bottom - top, 1.0)
            bars.append(
                Mark(
                    percent(slot * index + (slot - width) / 2),
                    f"{bottom - high:.1f}",
                    percent(width),
                    f"{high:.1f}",
                    colour=one.colour,
                )
            )
            stacked += value
    return Chart(
        series=series, caption=caption, unit=unit, height=height, bars=bars, marks=_marks(marks), **common
    )


def line_chart(
    values: Values | Mapping[str, Values],
    *,
    labels: Sequence[Label] = (),
    unit: str = "",
    caption: str = "",
    height: int = 140,
    threshold: float | None = None,
    threshold_label: str = "",
    from_zero: bool = True,
    marks: Marks = (),
) -> Chart:
    """A line for each series with its name and last value at its end. Without `from_zero`, from the least value on."""
    series = _series(values)
    count = max((len(one.values) for one in series), default=0)
    known = [v for one in series for v in one.values if v is not None]
    limits = [*known, *([] if threshold is None else [threshold])]
    scale = line_scale(limits, height, from_zero=from_zero)
    if unit == "share" and max(limits, default=1.0) <= 1:
        # There is no more than all.
        scale = replace(scale, high=min(scale.high, 1.0))
    common = _common(series, count, labels, unit, scale, threshold, threshold_label)
    lines = [(one.colour, run) for one in series for run in _runs(one.values, count, scale)]
    return Chart(
        series=series,
        caption=caption,
        unit=unit,
        height=height,
        lines=lines,
        marks=_marks(marks),
        ends=_ends(series, unit, scale) if len(series) > 1 else [],
        **common,
    )


def _marks(marks: Marks) -> list[Mark]:
    """Those that lie on the axis; of several in one place, the first says what all of them are."""
    placed: dict[str, list[str]] = {}
    for share, text in marks:
        if 0 <= share <= 1:
            placed.setdefault(percent(100 * share), []).append(text)
    return [Mark(x, "0", text="\n".join(texts)) for x, texts in placed.items()]


def spark_path(values: Iterable[float | None]) -> str:
    """`d` of one path: bars from zero in a box of 100 by 24. Nothing for nothing; a pixel for the least."""
    series = list(values)
    high = max((v for v in series if v), default=0.0)
    if not high:
        return ""
    slot = 100 / len(series)
    width = round(slot * 0.75, 2)
    parts = []
    for index, value in enumerate(series):
        if value and value > 0:
            tall = max(24 * value / high, 1.5)
            parts.append(f"M{index * slot:.1f} 24v-{tall:.1f}h{width:g}v{tall:.1f}z")
    return "".join(parts)


def _common(
    series: list[Series],
    count: int,
    labels: Sequence[Label],
    unit: str,
    scale: Scale,
    threshold: float | None,
    threshold_label: str,
) -> dict[str, Any]:
    words = words_of(labels)
    rows = [
        Row(words[i] if i < len(words) else str(i + 1), [quantity(_at(one, i), unit) for one in series])
        for i in range(count)
    ]
    slot = 100 / max(count, 1)
    return {
        "rows": rows,
        "grid": [
            Mark("0", f"{scale.y(value):.1f}", text=quantity(value, unit))
            for value in grid_values(scale, whole=all_whole(series))
        ],
        "below": labels_below(labels, count),
        "slots": [
            Mark(percent(slot * i), "0", percent(slot), "100%", text=_hover(row, series))
            for i, row in enumerate(rows)
        ],
        "threshold": None
        if threshold is None
        else Mark(
            "100%",
            f"{scale.y(threshold):.1f}",
            # Its text stands above it, or below where there is no room.
            height=str(-4 if scale.y(threshold) > HEADROOM + LABEL_GAP else LABEL_GAP),
            text=f"{threshold_label or 'limit'} {quantity(threshold, unit)}",
            anchor="end",
        ),
    }


def _hover(row: Row, series: list[Series]) -> str:
    if len(series) == 1:
        return f"{row.label}: {row.cells[0]}"
    told = (f"{one.name} {cell}" for one, cell in zip(series, row.cells, strict=True))
    return "\n".join([row.label, *told])


def _series(values: Values | Mapping[str, Values], colours: Mapping[str, int] | None = None) -> list[Series]:
    if isinstance(values, Mapping):
        return [
            Series(str(name), list(one), (colours or {}).get(str(name), number % COLOURS))
            for number, (name, one) in enumerate(values.items())
        ]
    return [Series("", list(values))]


def _at(series: Series, index: int) -> float | None:
    return series.values[index] if index < len(series.values) else None


def _runs(values: list[float | None], count: int, scale: Scale) -> list[str]:
    """Points of unbroken lines, in a box of 100 by the chart's height in pixels; a point alone becomes a dot."""
    slot = 100 / max(count, 1)
    runs: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{slot * (index + 0.5):.2f},{scale.y(value):.1f}")
    return [" ".join(run * 2 if len(run) == 1 else run) for run in runs if run]


def _ends(series: list[Series], unit: str, scale: Scale) -> list[Mark]:
    """Name and last value of each line, beside its end, moved apart where they would lie on one another."""
    placed: list[Mark] = []
    lowest = -math.inf
    known = [(scale.y(last), one) for one in series if (last := one.last) is not None]
    for y, one in sorted(known, key=lambda pair: pair[0]):
        line = max(y - 5, lowest + LABEL_GAP, 10)
        lowest = line
        text = f"{one.name} {quantity(one.last, unit)}"
        placed.append(Mark("100%", f"{line:.1f}", text=text, colour=one.colour, anchor="end"))
    return placed

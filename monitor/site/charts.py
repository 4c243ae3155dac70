"""Small charts drawn by the server: SVG that needs no script and no style of its own, with the figures behind it.

x is in percent of the width and y in pixels, so that a chart fills its place and its text keeps its size. Bars stand on
zero, what is not known stays a gap, and a threshold is a line with its value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localtime

from monitor.site.quantities import quantity

Values = Sequence[float | None]
Label = datetime | str

HEADROOM, FOOT = 18, 20
"""Pixels above the plot for the highest value's text, and below it for the labels."""
COLOURS = 6
_LABEL_GAP = 14
_THIN_FROM = 60


@dataclass(frozen=True)
class Series:
    name: str
    values: list[float | None]
    colour: int = 0

    @property
    def last(self) -> float | None:
        return next((value for value in reversed(self.values) if value is not None), None)


@dataclass(frozen=True)
class Mark:
    """A piece of text, a rectangle or a slot to point at. Percent and pixels, as attributes want them."""

    x: str
    y: str
    width: str = ""
    height: str = ""
    text: str = ""
    colour: int = 0
    anchor: str = "start"


@dataclass(frozen=True)
class Row:
    """Of the table behind the chart, and of the text on hover."""

    label: str
    cells: list[str]


@dataclass(frozen=True)
class Chart:
    """What the templates draw; made by `bar_chart` and `line_chart`."""

    series: list[Series]
    caption: str
    unit: str
    height: int
    rows: list[Row]
    grid: list[Mark]
    below: list[Mark]
    slots: list[Mark]
    threshold: Mark | None
    bars: list[Mark] = field(default_factory=list)
    lines: list[tuple[int, str]] = field(default_factory=list)
    ends: list[Mark] = field(default_factory=list)

    @property
    def total_height(self) -> int:
        return self.height + HEADROOM + FOOT

    @property
    def foot(self) -> int:
        """Where the plot ends and the labels begin."""
        return self.height + HEADROOM

    @property
    def label_line(self) -> int:
        return self.total_height - 5

    @property
    def is_empty(self) -> bool:
        return all(value is None for one in self.series for value in one.values)


@dataclass(frozen=True)
class Scale:
    """Values to pixels from the top."""

    low: float
    high: float
    height: int

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEADROOM + self.height * (1 - min(max(share, 0.0), 1.0))


def bar_chart(
    values: Values | Mapping[str, Values],
    *,
    labels: Sequence[Label] = (),
    unit: str = "",
    caption: str = "",
    height: int = 120,
    threshold: float | None = None,
    threshold_label: str = "",
) -> Chart:
    """Bars from zero; several series are stacked in their order."""
    series = _series(values)
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
                    _pct(slot * index + (slot - width) / 2),
                    f"{bottom - high:.1f}",
                    _pct(width),
                    f"{high:.1f}",
                    colour=one.colour,
                )
            )
            stacked += value
    return Chart(series=series, caption=caption, unit=unit, height=height, bars=bars, **common)


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
) -> Chart:
    """A line for each series with its name and last value at its end. Without `from_zero`, from the least value on."""
    series = _series(values)
    count = max((len(one.values) for one in series), default=0)
    known = [v for one in series for v in one.values if v is not None]
    limits = [*known, *([] if threshold is None else [threshold])]
    scale = _line_scale(limits, height, from_zero=from_zero)
    common = _common(series, count, labels, unit, scale, threshold, threshold_label)
    lines = [(one.colour, run) for one in series for run in _runs(one.values, count, scale)]
    return Chart(
        series=series,
        caption=caption,
        unit=unit,
        height=height,
        lines=lines,
        ends=_ends(series, unit, scale) if len(series) > 1 else [],
        **common,
    )


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


def nice_ceiling(value: float) -> float:
    """The next even step of a power of ten: what people like to read at an axis, and at half its height."""
    if value <= 0:
        return 1.0
    power = math.pow(10, math.floor(math.log10(value)))
    return next(
        step * power for step in (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10, 20) if step * power >= value * 0.999999
    )


def _common(
    series: list[Series],
    count: int,
    labels: Sequence[Label],
    unit: str,
    scale: Scale,
    threshold: float | None,
    threshold_label: str,
) -> dict[str, Any]:
    words = _words(labels)
    rows = [
        Row(words[i] if i < len(words) else str(i + 1), [quantity(_at(one, i), unit) for one in series])
        for i in range(count)
    ]
    slot = 100 / max(count, 1)
    return {
        "rows": rows,
        "grid": [
            Mark("0", f"{scale.y(value):.1f}", text=quantity(value, unit))
            for value in _grid_values(scale, whole=_all_whole(series))
        ],
        "below": _below(labels, count),
        "slots": [
            Mark(_pct(slot * i), "0", _pct(slot), "100%", text=_hover(row, series))
            for i, row in enumerate(rows)
        ],
        "threshold": None
        if threshold is None
        else Mark(
            "100%",
            f"{scale.y(threshold):.1f}",
            # Its text stands above it, or below where there is no room.
            height=str(-4 if scale.y(threshold) > HEADROOM + _LABEL_GAP else _LABEL_GAP),
            text=f"{threshold_label or 'limit'} {quantity(threshold, unit)}",
            anchor="end",
        ),
    }


def _all_whole(series: list[Series]) -> bool:
    return all(value is None or float(value).is_integer() for one in series for value in one.values)


def _grid_values(scale: Scale, *, whole: bool) -> list[float]:
    """The top, and the middle where it is a number that can occur: there is no half event."""
    middle = (scale.high + scale.low) / 2
    return [scale.high] if whole and not middle.is_integer() else [scale.high, middle]


def _hover(row: Row, series: list[Series]) -> str:
    if len(series) == 1:
        return f"{row.label}: {row.cells[0]}"
    told = (f"{one.name} {cell}" for one, cell in zip(series, row.cells, strict=True))
    return "\n".join([row.label, *told])


def _series(values: Values | Mapping[str, Values]) -> list[Series]:
    if isinstance(values, Mapping):
        return [
            Series(str(name), list(one), number % COLOURS)
            for number, (name, one) in enumerate(values.items())
        ]
    return [Series("", list(values))]


def _at(series: Series, index: int) -> float | None:
    return series.values[index] if index < len(series.values) else None


def _line_scale(limits: list[float], height: int, *, from_zero: bool) -> Scale:
    if from_zero or not limits:
        return Scale(min([0.0, *limits]), nice_ceiling(max([0.0, *limits])), height)
    low, high = min(limits), max(limits)
    margin = (high - low) * 0.1 or abs(high) * 0.01 or 1.0
    return Scale(low - margin, high + margin, height)


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
        line = max(y - 5, lowest + _LABEL_GAP, 10)
        lowest = line
        text = f"{one.name} {quantity(one.last, unit)}"
        placed.append(Mark("100%", f"{line:.1f}", text=text, colour=one.colour, anchor="end"))
    return placed


def _below(labels: Sequence[Label], count: int) -> list[Mark]:
    if not labels or not count:
        return []
    words = _words(labels, short=True)
    middle = len(words) // 2
    found = [Mark("0", "", text=words[0])]
    if len(words) > 4:
        found.append(Mark(_pct(100 * (middle + 0.5) / count), "", text=words[middle], anchor="middle"))
    if len(words) > 1:
        found.append(Mark("100%", "", text=words[-1], anchor="end"))
    return found


def _words(labels: Sequence[Label], *, short: bool = False) -> list[str]:
    moments = [label for label in labels if isinstance(label, datetime)]
    if not moments or len(moments) < len(labels):
        return [str(label) for label in labels]
    local = [localtime(moment) for moment in moments]
    step = local[1] - local[0] if len(local) > 1 else timedelta()
    if step >= timedelta(hours=23):
        form = "%-d %b" if short else "%-d %b %Y"
    elif short and local[-1] - local[0] <= timedelta(hours=26):
        form = "%H:%M"
    else:
        form = "%-d %b %H:%M"
    return [moment.strftime(form) for moment in local]


def _pct(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + "%"

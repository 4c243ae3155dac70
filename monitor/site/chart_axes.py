"""From values to places: scales that people can read, and the texts along the axes, in the reader's zone."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import localtime

from monitor.site.chart_parts import HEADROOM, Label, Mark, Series


@dataclass(frozen=True)
class Scale:
    """Values to pixels from the top."""

    low: float
    high: float
    height: int

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEADROOM + self.height * (1 - min(max(share, 0.0), 1.0))


def nice_ceiling(value: float) -> float:
    """The next even step of a power of ten: what people like to read at an axis, and at half its height."""
    if value <= 0:
        return 1.0
    # The power of ten below the smallest of numbers is none.
    power = max(math.pow(10, math.floor(math.log10(value))), sys.float_info.min)
    return next(
        step * power for step in (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10, 20) if step * power >= value * 0.999999
    )


def all_whole(series: list[Series]) -> bool:
    return all(value is None or float(value).is_integer() for one in series for value in one.values)


def grid_values(scale: Scale, *, whole: bool) -> list[float]:
    """The top, and the middle where it is a number that can occur: there is no half event."""
    middle = (scale.high + scale.low) / 2
    return [scale.high] if whole and not middle.is_integer() else [scale.high, middle]


def line_scale(limits: list[float], height: int, *, from_zero: bool) -> Scale:
    if from_zero or not limits:
        return Scale(min([0.0, *limits]), nice_ceiling(max([0.0, *limits])), height)
    low, high = min(limits), max(limits)
    margin = (high - low) * 0.1 or abs(high) * 0.01 or 1.0
    return Scale(low - margin, high + margin, height)


def labels_below(labels: Sequence[Label], count: int) -> list[Mark]:
    if not labels or not count:
        return []
    words = words_of(labels, short=True)
    middle = len(words) // 2
    found = [Mark("0", "", text=words[0])]
    if len(words) > 4:
        found.append(Mark(percent(100 * (middle + 0.5) / count), "", text=words[middle], anchor="middle"))
    if len(words) > 1:
        found.append(Mark("100%", "", text=words[-1], anchor="end"))
    return found


def words_of(labels: Sequence[Label], *, short: bool = False) -> list[str]:
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


def percent(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + "%"

"""What the shared templates can't work out in the template language: the lines of sparklines."""

from collections.abc import Iterable
from itertools import groupby

from django import template

register = template.Library()

SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 100.0, 24.0, 2.0


@register.filter
def spark_lines(values: Iterable[float | None]) -> list[str]:
    """`points` of one polyline for each unbroken run of values, in a box of 100 by 24; a None stays a gap."""
    series = list(values or ())
    known = [value for value in series if value is not None]
    if not known:
        return []
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = SPARK_WIDTH / max(len(series) - 1, 1)
    inner = SPARK_HEIGHT - 2 * SPARK_MARGIN

    def point(index: int, value: float) -> str:
        return f"{index * step:.1f},{SPARK_HEIGHT - SPARK_MARGIN - inner * (value - low) / span:.1f}"

    lines = []
    for present, run in groupby(enumerate(series), key=lambda pair: pair[1] is not None):
        points = [point(index, value) for index, value in run if value is not None]
        if present:
            lines.append(" ".join(points * 2 if len(points) == 1 else points))
    return lines

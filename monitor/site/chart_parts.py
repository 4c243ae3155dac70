"""What a chart is made of, as its template draws it: percent of the width, pixels of the height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

Values = Sequence[float | None]
Label = datetime | str

HEADROOM, FOOT = 18, 20
"""Pixels above the plot for the highest value's text, and below it for the labels."""
COLOURS = 6
SEVERITY_COLOURS = {"P0": 2, "P1": 6, "P2": 4, "P3": 7, "P4": 5}
"""Beyond COLOURS are those that no series gets by its number."""
LABEL_GAP = 14
"""Pixels from one line of text to the next."""


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
    marks: list[Mark] = field(default_factory=list)
    """Upright lines: what happened when, such as a deploy."""

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

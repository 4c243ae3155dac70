"""What checks share: a block of one column with its edges, a tally of rows, and the way from a row to a line and a date."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from data_tools.engine.plan import PlannedColumn, TimeStep
from data_tools.engine.variables import Variable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

ROWS_SHOWN = 50
# Values of the neighbouring blocks that a check may look at on either side.
EDGE = 6


@dataclass(frozen=True)
class Place:
    """A row and its time stamp."""

    row: int
    time_ms: int


@dataclass(frozen=True)
class Where:
    """Turns places into the words of a message. `line` gives the 1-based line (or Parquet row) of a row index."""

    line: Callable[[int], int]
    word: str
    days_only: bool

    def iso(self, time_ms: int) -> str:
        moment = datetime(1970, 1, 1) + timedelta(milliseconds=time_ms)  # noqa: DTZ001 - files say no time zone
        return moment.date().isoformat() if self.days_only else moment.isoformat(timespec="seconds")

    def at(self, place: Place) -> str:
        """'2003-01-01 (line 1,098)'."""
        return f"{self.iso(place.time_ms)} ({self.word} {self.line(place.row):,})"

    def lines(self, places: list[Place]) -> tuple[int, ...]:
        return tuple(self.line(place.row) for place in places[:ROWS_SHOWN])


@dataclass(frozen=True)
class Block:
    """Consecutive rows of one column in SI units, NaN where missing."""

    first_row: int
    times: Ints
    values: Floats
    missing: Mask
    missing_count: int
    minimum: float
    maximum: float

    def place(self, at: int) -> Place:
        return Place(self.first_row + at, int(self.times[at]))


@dataclass(frozen=True)
class Window:
    """Values with EDGE neighbours before and after; the check decides on positions EDGE to len - EDGE."""

    first_row: int
    times: Ints
    values: Floats
    steps: Floats

    @property
    def inner(self) -> slice:
        return slice(EDGE, len(self.values) - EDGE)

    def place(self, at: int) -> Place:
        """The place of the inner position `at`."""
        return Place(self.first_row + at, int(self.times[EDGE + at]))


@dataclass
class Tally:
    """How many rows, the first of them, and the first and last time."""

    count: int = 0
    places: list[Place] = field(default_factory=list)
    last: Place = Place(0, 0)

    def add(self, block: Block, mask: Mask) -> None:
        self.add_rows(block.first_row, block.times, mask)

    def add_rows(self, first_row: int, times: Ints, mask: Mask) -> None:
        found = np.flatnonzero(mask)
        if len(found):
            self.count += len(found)
            for at in found[: ROWS_SHOWN - len(self.places)].tolist():
                self.places.append(Place(first_row + at, int(times[at])))
            self.last = Place(first_row + int(found[-1]), int(times[found[-1]]))


@dataclass
class Longest:
    """The longest stretches seen, the earlier of two equal ones; memory stays bounded however many there are."""

    keep: int = 20
    count: int = 0
    _heap: list[tuple[int, int, Place, Place]] = field(default_factory=list)

    def add(self, size: int, start: Place, end: Place) -> None:
        self.count += 1
        entry = (size, -start.row, start, end)
        if len(self._heap) < self.keep:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)

    def in_order(self) -> list[tuple[int, Place, Place]]:
        """The kept stretches by their place in the file."""
        return [(size, start, end) for size, _, start, end in sorted(self._heap, key=lambda entry: -entry[1])]


@dataclass(frozen=True)
class Subject:
    """The column a check is about."""

    column: PlannedColumn
    step: TimeStep

    @property
    def variable(self) -> Variable | None:
        return self.column.variable

    @property
    def name(self) -> str:
        """As the user knows it."""
        return self.column.original_name

    @property
    def unit(self) -> str:
        return f" {self.variable.unit}" if self.variable else ""

    @property
    def steps_per_day(self) -> float:
        return 86_400 / self.step.seconds if self.step.seconds else 1.0

    def in_days(self, rows: int) -> str:
        """'365 days', '12 hours' or '40 rows'."""
        if self.step.seconds is None:
            return counted(rows, "row")
        return span(rows * self.step.seconds)


def counted(number: int, noun: str) -> str:
    """'1 row', '1,234 rows'."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def span(seconds: int) -> str:
    """A length of time in the largest unit that stays whole."""
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size and (seconds % size == 0 or size == 1):
            return counted(seconds // size, word)
    return "0 seconds"


def figure(value: float) -> str:
    """A number as a reader wants it: four or more significant digits, no trailing zeros."""
    return f"{value:,.6g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.3e}"

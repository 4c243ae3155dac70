"""What is to be read from a file and how: decided from a sample, amended when the file says otherwise further down."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from data_tools.engine.byte_stream import TextEncoding
from data_tools.engine.dates import DateColumns
from data_tools.engine.dialect import MISSING_WORDS, Dialect, is_number
from data_tools.engine.units import Conversion
from data_tools.engine.variables import Recognised, Variable, clean_name, recognise, unique_names
from data_tools.errors import UnreadableFileError

CellKind = Literal["number", "text"]
STEP_NAMES = {60: "minutely", 900: "15-minutely", 3600: "hourly", 86_400: "daily", 604_800: "weekly"}


@dataclass(frozen=True, kw_only=True)
class PlannedColumn:
    """One column of the file. `guessed` kinds (nothing but missing values in the sample) may be revised."""

    index: int
    original_name: str
    name: str
    kind: CellKind
    recognised: Recognised
    conversion: Conversion
    guessed: bool = False
    codes: frozenset[float] = frozenset()

    @property
    def variable(self) -> Variable | None:
        return self.recognised.variable


@dataclass(frozen=True, kw_only=True)
class TimeStep:
    """The usual distance of two rows: seconds, or None for months, years and irregular dates."""

    name: str
    seconds: int | None
    longest_s: int | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that reading needs to know. `dialect` and `encoding` are None for Parquet."""

    columns: tuple[PlannedColumn, ...]
    dates: DateColumns
    step: TimeStep
    dialect: Dialect | None = None
    encoding: TextEncoding | None = None

    @property
    def layout(self) -> tuple[Dialect, TextEncoding]:
        """Dialect and encoding of a text table."""
        if self.dialect is None or self.encoding is None:
            raise ValueError("a Parquet file has no dialect")
        return self.dialect, self.encoding

    @property
    def line_word(self) -> str:
        return "line" if self.dialect is not None else "row"

    def with_column(self, name: str, **changes: object) -> "Plan":
        columns = tuple(replace(c, **changes) if c.name == name else c for c in self.columns)  # type: ignore[arg-type]
        return replace(self, columns=columns)


class ReplanError(Exception):
    """The file contradicts the plan; it is to be read again from the start with a better one."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("read again with an amended plan")
        self.plan = plan


def find_step(times_ms: Sequence[int]) -> TimeStep:
    """The most frequent distance between neighbouring dates of the sample."""
    steps = [abs(b - a) // 1000 for a, b in pairwise(times_ms) if a != b]
    if not steps:
        return TimeStep(name="irregular", seconds=None, longest_s=None)
    usual = max(set(steps), key=lambda step: (steps.count(step), -step)) if len(set(steps)) < 500 else 0
    share = steps.count(usual) / len(steps)
    days = [step / 86_400 for step in steps]
    if sum(28 <= day <= 31 for day in days) > 0.5 * len(days):
        return TimeStep(name="monthly", seconds=None, longest_s=31 * 86_400)
    if sum(365 <= day <= 366 for day in days) > 0.5 * len(days):
        return TimeStep(name="yearly", seconds=None, longest_s=366 * 86_400)
    if share < 0.5:
        return TimeStep(name="irregular", seconds=None, longest_s=None)
    return TimeStep(name=STEP_NAMES.get(usual) or _step_name(usual), seconds=usual, longest_s=usual)


def _step_name(seconds: int) -> str:
    for size, word in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds % size == 0:
            return f"every {seconds // size} {word}"
    return f"every {seconds} seconds"


def plan_columns(
    names: Sequence[str],
    unit_row: Sequence[str] | None,
    cells: Sequence[Sequence[str]],
    dates: DateColumns,
    step: TimeStep,
) -> tuple[PlannedColumn, ...]:
    """Meaning, unit, kind and final name of each column that is not part of the date."""
    kept = [
        index
        for index in range(len(names))
        if index not in dates.columns and not _nameless(names, cells, index)
    ]
    meanings = {
        index: recognise(names[index], unit_row[index].strip("[]() ") if unit_row else None) for index in kept
    }
    kinds = {index: _kind(cells[index], meanings[index]) for index in kept}
    for index in kept:
        if kinds[index][0] == "text" and meanings[index].variable is not None:
            meanings[index] = Recognised(None, "other")
    wanted = [
        m.variable.name if (m := meanings[index]).variable else clean_name(names[index]) for index in kept
    ]
    final = unique_names(wanted)
    columns = tuple(
        PlannedColumn(
            index=index,
            original_name=names[index],
            name=name,
            kind=kinds[index][0],
            guessed=kinds[index][1],
            recognised=meanings[index],
            conversion=meanings[index].conversion.for_step(step.seconds),
        )
        for index, name in zip(kept, final, strict=True)
    )
    check_some_numbers(columns)
    return columns


def check_some_numbers(columns: Sequence[PlannedColumn]) -> None:
    """Raises when no column can hold numbers."""
    if not any(column.kind == "number" and column.recognised.role != "flag" for column in columns):
        raise UnreadableFileError(
            "no_numbers",
            "No column of the file holds numbers"
            + (
                f"; besides the date there are {_listed([c.original_name for c in columns])}."
                if columns
                else "."
            ),
            way_out="Upload a file with at least one column of measured values.",
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _nameless(names: Sequence[str], cells: Sequence[Sequence[str]], index: int) -> bool:
    """An empty column without a name, as a delimiter at the end of each line makes it."""
    return names[index] == f"column_{index + 1}" and index == len(names) - 1 and not any(cells[index])


def _kind(values: Sequence[str], meaning: Recognised) -> tuple[CellKind, bool]:
    filled = [value for value in values if value and value.lower() not in MISSING_WORDS]
    if meaning.role == "flag":
        return "text", False
    if not filled:
        return "number", not any(values) or meaning.variable is None
    share = sum(map(is_number, filled)) / len(filled)
    if any(value[0] in "=@" for value in filled):
        return "number", False
    return ("number", False) if share >= (0.5 if meaning.variable else 0.9) else ("text", False)

"""Turns cells of text into numbers and dates, counting the words that stand for missing values."""

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_tools.engine import row_errors
from data_tools.engine.dialect import MISSING_WORDS, THOUSANDS_NUMBER
from data_tools.engine.limits import Limits
from data_tools.engine.plan import Plan, PlannedColumn, ReplanError

_DAY_MS = 86_400_000


@dataclass
class WordTally:
    """How often each word stood for a missing value in a column, and the first rows where."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    rows: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, column: str, words: pl.Series, rows: NDArray[np.int64]) -> None:
        for word in words.unique(maintain_order=True):
            found = rows[(words == word).to_numpy()]
            key = (column, word)
            self.counts[key] = self.counts.get(key, 0) + len(found)
            known = self.rows.setdefault(key, [])
            known.extend(found[: 50 - len(known)].tolist())

    def add_all(self, later: "WordTally", first_row: int) -> None:
        """Adds those of later rows, which were counted from `first_row` on."""
        for key, count in later.counts.items():
            self.counts[key] = self.counts.get(key, 0) + count
            known = self.rows.setdefault(key, [])
            known.extend(first_row + row for row in later.rows[key][: 50 - len(known)])


def typed_numbers(
    cells: pl.Series,
    column: PlannedColumn,
    decimal: str,
    plan: Plan,
    lines: NDArray[np.int64] | range,
    first_row: int,
    tally: WordTally,
) -> tuple[pl.Series, bool]:
    """Numbers from text, and whether text was needed. Raises for a value that is neither number nor known word."""
    text = cells.str.strip_chars()
    text = text.set(text == "", None)
    plain = text
    if decimal == ",":
        plain = plain.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    numbers = plain.cast(pl.Float64, strict=False)
    doubtful = text.is_not_null() & numbers.is_null()
    if not doubtful.any():
        return numbers, bool((text != cells).any())
    rows = doubtful.arg_true().to_numpy().astype(np.int64)
    values = text.gather(rows)
    is_word = values.str.to_lowercase().is_in(list(MISSING_WORDS))
    if decimal == ".":
        fixed = values.str.contains(f"^(?:{THOUSANDS_NUMBER.pattern})$")
        if fixed.any():
            chosen = rows[fixed.to_numpy()]
            numbers = numbers.scatter(
                chosen, values.filter(fixed).str.replace_all(",", "", literal=True).cast(pl.Float64)
            )
        wrong = ~(is_word | fixed)
    else:
        wrong = ~is_word
    if wrong.any():
        _refuse(values, wrong, rows, column, plan, lines)
    words = values.filter(is_word)
    tally.add(column.name, words, first_row + rows[is_word.to_numpy()])
    return numbers, True


def _refuse(
    values: pl.Series,
    wrong: pl.Series,
    rows: NDArray[np.int64],
    column: PlannedColumn,
    plan: Plan,
    lines: NDArray[np.int64] | range,
) -> None:
    if column.guessed:
        raise ReplanError(plan.with_column(column.name, kind="text", guessed=False))
    at = int(wrong.arg_true()[0])
    raise row_errors.text_in_number(int(lines[int(rows[at])]), column.original_name, values[at])


def typed_dates(raw: pl.DataFrame, lines: NDArray[np.int64] | range, plan: Plan, limits: Limits) -> pl.Series:
    """The time stamps of the rows. Raises for one that is missing, impossible or outside the years allowed."""
    columns = [raw[str(index)] for index in plan.dates.columns]
    stamps = plan.dates.parse(columns)
    if stamps.null_count():
        row = int(stamps.is_null().arg_true()[0])
        _refuse_date(plan, int(lines[row]), _text_of(columns, row, plan))
    _check_years(stamps, columns, lines, plan, limits)
    if plan.dates.whole_days and stamps.dtype != pl.Date:
        if bool((stamps.dt.timestamp("ms") % _DAY_MS != 0).any()):
            raise ReplanError(replace(plan, dates=replace(plan.dates, whole_days=False)))
        stamps = stamps.cast(pl.Date)
    return stamps


def _text_of(columns: list[pl.Series], row: int, plan: Plan) -> str:
    separator = "-" if plan.dates.kind == "parts" else " "
    parts = ["" if column[row] is None else str(column[row]).strip() for column in columns]
    return separator.join(parts) if any(parts) else ""


def _refuse_date(plan: Plan, line: int, value: str) -> None:
    for alternative in plan.dates.alternatives:
        if value and alternative.parse(pl.Series([value])).null_count() == 0:
            # Each format is tried once: the list of alternatives shrinks with each attempt.
            rest = tuple(form for form in plan.dates.alternatives if form != alternative)
            raise ReplanError(replace(plan, dates=replace(plan.dates, format=alternative, alternatives=rest)))
    raise row_errors.bad_date(line, value, plan)


def _check_years(
    stamps: pl.Series, columns: list[pl.Series], lines: NDArray[np.int64] | range, plan: Plan, limits: Limits
) -> None:
    per_day = 1 if stamps.dtype == pl.Date else _DAY_MS
    physical = stamps.to_physical()
    low = int(np.datetime64(f"{limits.first_year}-01-01", "D").astype(np.int64)) * per_day
    high = int(np.datetime64(f"{limits.last_year + 1}-01-01", "D").astype(np.int64)) * per_day
    outside = (physical < low) | (physical >= high)
    if outside.any():
        row = int(outside.arg_true()[0])
        value = _text_of(columns, row, plan)
        raise row_errors.date_out_of_range(
            int(lines[row]), value, plan.dates.name, limits.first_year, limits.last_year
        )

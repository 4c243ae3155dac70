"""Converts, checks and profiles a table block by block: the one pass over the data."""

from collections.abc import Callable

import numpy as np
import polars as pl

from data_tools.engine.checks.bounds import BoundsCheck, TemperatureOrderCheck
from data_tools.engine.checks.codes import CodeCheck
from data_tools.engine.checks.constant import ConstantRunCheck
from data_tools.engine.checks.dates import DateCheck
from data_tools.engine.checks.missing import MissingCheck
from data_tools.engine.checks.series import EDGE, Block, Floats, Ints, Subject, Where, Window
from data_tools.engine.checks.spikes import SpikeCheck
from data_tools.engine.checks.unit_mixups import UnitMixupCheck
from data_tools.engine.plan import Plan, PlannedColumn
from data_tools.engine.profile import NumberProfile
from data_tools.engine.result import ColumnProfile, Finding


class NumberColumn:
    """One column of numbers: codes to missing, units to SI, then every check."""

    def __init__(self, column: PlannedColumn, plan: Plan) -> None:
        self.column = column
        subject = Subject(column, plan.step)
        self.codes = CodeCheck(subject)
        self.profile = NumberProfile(column, len(plan.columns))
        self._missing = MissingCheck(subject)
        self._bounds = BoundsCheck(subject)
        self._constant = ConstantRunCheck(subject)
        self._spikes = SpikeCheck(subject)
        self._mixups = UnitMixupCheck(subject)
        self._edge: tuple[int, Ints, Floats] = (0, np.zeros(EDGE, dtype=np.int64), np.full(EDGE, np.nan))

    def see(self, first_row: int, times: Ints, series: pl.Series) -> tuple[pl.Series, Block]:
        """The column in SI units with its codes made missing, and the block that other checks may look at."""
        lowest, highest = _bounds(series)
        values = series.to_numpy()
        marked = self.codes.mark(first_row, times, values, lowest, highest)
        conversion = self.column.conversion
        changed = marked is not None or conversion.changes
        if marked is not None:
            values = np.where(marked, np.nan, values)
            lowest, highest = _bounds(pl.Series(values))
        self.codes.watch(values, highest)
        if conversion.changes:
            values = values * conversion.factor
            if conversion.offset:
                values += conversion.offset
            lowest = lowest * conversion.factor + conversion.offset
            highest = highest * conversion.factor + conversion.offset
        missing = np.isnan(values)
        missing_count = int(np.count_nonzero(missing))
        block = Block(first_row, times, values, missing, missing_count, lowest, highest)
        self._check(block)
        if changed or missing_count > series.null_count():
            series = pl.Series(series.name, values, nan_to_null=True)
        return series, block

    def _check(self, block: Block) -> None:
        self.profile.see(block)
        self._missing.see(block)
        self._bounds.see(block)
        self._constant.see(block)
        self._see_window(block.times, block.values)

    def _see_window(self, times: Ints, values: Floats) -> None:
        """Checks with neighbours lag EDGE rows behind, so that both sides of each value are known."""
        first_row, edge_times, edge_values = self._edge
        all_values = np.concatenate((edge_values, values))
        all_times = np.concatenate((edge_times, times))
        if len(all_values) > 2 * EDGE:
            window = Window(first_row, all_times, all_values, np.diff(all_values))
            self._spikes.see(window)
            if self._mixups.applies:
                self._mixups.see(window)
            first_row += len(all_values) - 2 * EDGE
            all_values, all_times = all_values[-2 * EDGE :], all_times[-2 * EDGE :]
        self._edge = (first_row, all_times, all_values)

    def findings(self, where: Where) -> list[Finding]:
        self._see_window(np.zeros(EDGE, dtype=np.int64), np.full(EDGE, np.nan))
        checks = (self._missing, self._bounds, self._mixups, self._spikes, self._constant)
        return [finding for check in checks for finding in check.findings(where)]


class TextColumn:
    """A column that is kept as it is: quality codes, remarks, station names."""

    def __init__(self, column: PlannedColumn) -> None:
        self._column = column
        self._missing = 0
        self._rows = 0

    def see(self, series: pl.Series) -> None:
        self._missing += series.null_count()
        self._rows += len(series)

    def profile(self) -> ColumnProfile:
        return ColumnProfile(
            name=self._column.name,
            original_name=self._column.original_name,
            role=self._column.recognised.role,
            kind="text",
            count=self._rows - self._missing,
            missing=self._missing,
        )


class Analysis:
    """Feed it consecutive frames of `date` and the planned columns; it gives them back in SI units."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dates = DateCheck(plan.step)
        self.rows = 0
        self.numbers = {c.name: NumberColumn(c, plan) for c in plan.columns if c.kind == "number"}
        self.texts = {c.name: TextColumn(c) for c in plan.columns if c.kind == "text"}
        low, high = (self._subject_named(f"temperature_{end}") for end in ("min", "max"))
        self._temperatures = (
            (TemperatureOrderCheck(low, high), low.column.name, high.column.name) if low and high else None
        )

    def _subject_named(self, role: str) -> Subject | None:
        found = next((c for c in self.plan.columns if c.kind == "number" and c.recognised.role == role), None)
        return Subject(found, self.plan.step) if found else None

    def see(self, frame: pl.DataFrame) -> pl.DataFrame:
        times = _times_ms(frame["date"])
        self.dates.see(self.rows, times)
        columns = [frame["date"]]
        blocks: dict[str, Block] = {}
        for series in frame.iter_columns():
            if series.name in self.numbers:
                series, blocks[series.name] = self.numbers[series.name].see(self.rows, times, series)
                columns.append(series)
            elif series.name in self.texts:
                self.texts[series.name].see(series)
                columns.append(series)
        if self._temperatures is not None:
            check, low, high = self._temperatures
            check.see(blocks[low], blocks[high])
        self.rows += frame.height
        return pl.DataFrame(columns)

    def where(self, line: Callable[[int], int]) -> Where:
        return Where(line, self.plan.line_word, self.plan.dates.is_date)

    def code_findings(self, where: Where) -> list[Finding]:
        return [finding for column in self.numbers.values() for finding in column.codes.findings(where)]

    def series_findings(self, where: Where) -> list[Finding]:
        found = self.dates.gap_findings(where)
        if self._temperatures is not None:
            found += self._temperatures[0].findings(where)
        return found + [finding for column in self.numbers.values() for finding in column.findings(where)]

    def profiles(self) -> list[ColumnProfile]:
        date = ColumnProfile(
            name="date", original_name=self.plan.dates.name, role="date", kind="date", count=self.rows
        )
        return [date] + [
            self.numbers[c.name].profile.result() if c.kind == "number" else self.texts[c.name].profile()
            for c in self.plan.columns
        ]


def _bounds(series: pl.Series) -> tuple[float, float]:
    lowest, highest = series.min(), series.max()
    nothing = lowest is None or highest is None
    return (np.inf, -np.inf) if nothing else (float(lowest), float(highest))  # type: ignore[arg-type]


def _times_ms(dates: pl.Series) -> Ints:
    if dates.dtype == pl.Date:
        days: Ints = dates.to_physical().to_numpy().astype(np.int64)
        return days * 86_400_000
    return dates.cast(pl.Datetime("ms")).to_physical().to_numpy()

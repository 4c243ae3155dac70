"""Turns whole lines of a text table into typed rows, keeping nothing from piece to piece; says where one does not fit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_tools.engine import row_errors
from data_tools.engine.byte_stream import count_lines
from data_tools.engine.csv_cells import CellParser
from data_tools.engine.dialect import COMMENT
from data_tools.engine.limits import Limits
from data_tools.engine.plan import Plan, PlannedColumn
from data_tools.engine.typing_cells import WordTally, typed_dates, typed_numbers
from data_tools.errors import UnreadableFileError

_SLOW_BYTES = 1 << 17
Lines = NDArray[np.int64] | range


@dataclass(frozen=True)
class Piece:
    """Whole lines of the file, the columns not to try as numbers, and how much of the file has been read with it."""

    chunk: bytes
    first_line: int
    as_text: frozenset[int]
    fraction_read: float


@dataclass(frozen=True)
class TypedRows:
    """Rows with the lines they stand in, the words among them (by row of these), and columns that had to be text."""

    frame: pl.DataFrame
    lines: Lines
    words: WordTally
    as_text: frozenset[int]


@dataclass(frozen=True)
class PieceRead:
    """What a piece holds, up to the failure that ended its reading, if there was one."""

    rows: list[TypedRows]
    failure: Exception | None
    fraction_read: float


class PieceReader:
    """Reads pieces of one file with one plan; several at once, for it keeps nothing of them."""

    def __init__(self, plan: Plan, limits: Limits) -> None:
        self._plan, self._limits = plan, limits
        self._dialect, _ = plan.layout
        self._parser = CellParser(plan)
        self._numbers = frozenset(column.index for column in plan.columns if column.kind == "number")

    def read(self, piece: Piece) -> PieceRead:
        rows: list[TypedRows] = []
        try:
            for part in self._rows_of(piece.chunk, piece.first_line, piece.as_text):
                rows.append(part)
        except Exception as error:  # given, not raised: the rows before it come first
            return PieceRead(rows, error, piece.fraction_read)
        return PieceRead(rows, None, piece.fraction_read)

    def _rows_of(self, chunk: bytes, first_line: int, as_text: frozenset[int]) -> Iterator[TypedRows]:
        """The chunk at once; where a row is odd, in halves, so that only few rows go the slow way."""
        height, raw = self._parser.parsed(chunk, self._numbers - as_text)
        lines: Lines = range(first_line, first_line + height)
        problems: list[UnreadableFileError] = []
        if raw is None:
            cut = chunk.rfind(b"\n", 0, len(chunk) // 2) + 1
            if cut and len(chunk) > _SLOW_BYTES:
                for part in self._rows_of(chunk[:cut], first_line, as_text):
                    as_text |= part.as_text
                    yield part
                yield from self._rows_of(chunk[cut:], first_line + count_lines(chunk[:cut]), as_text)
                return
            raw, lines = self._parser.one_by_one(chunk, first_line, problems)
        yield self._typed(raw, lines, problems)

    def _typed(self, raw: pl.DataFrame, lines: Lines, problems: list[UnreadableFileError]) -> TypedRows:
        raw, lines = self._without_empty_rows(raw, lines)
        columns = [pl.Series("date", [], dtype=self._plan.dates.dtype)]
        words = WordTally()
        as_text: set[int] = set()
        try:
            if raw.height:
                columns = [typed_dates(raw, lines, self._plan, self._limits).alias("date")]
        except UnreadableFileError as problem:
            problems.append(problem)
        for column in self._plan.columns:
            try:
                series, needed_text = self._column(raw, column, lines, words)
            except UnreadableFileError as problem:
                problems.append(problem)
                continue
            columns.append(series)
            if needed_text:
                as_text.add(column.index)
        if problems:
            # The first in the file, so that the message does not depend on where chunks were cut.
            raise min(problems, key=lambda problem: problem.row or 0)
        return TypedRows(pl.DataFrame(columns), lines, words, frozenset(as_text))

    def _without_empty_rows(self, raw: pl.DataFrame, lines: Lines) -> tuple[pl.DataFrame, Lines]:
        """Drops rows without any value, as spreadsheets leave them, and commented-out rows."""
        first = raw[str(self._plan.dates.columns[0])]
        commented = (
            first.str.starts_with(COMMENT[0]).fill_null(False)
            if first.dtype == pl.String
            else first.is_null() & False
        )
        if not first.null_count() and not commented.any():
            return raw, lines
        keep = ~(raw.select(pl.all_horizontal(pl.all().is_null())).to_series() | commented)
        if keep.all():
            return raw, lines
        return raw.filter(keep), np.asarray(lines, dtype=np.int64)[keep.to_numpy()]

    def _column(
        self, raw: pl.DataFrame, column: PlannedColumn, lines: Lines, words: WordTally
    ) -> tuple[pl.Series, bool]:
        """The column's values, and whether numbers had to be taken from text."""
        cells = raw[str(column.index)].alias(column.name)
        if column.kind == "text":
            formulas = cells.str.starts_with("=").arg_true()
            if len(formulas):
                row = int(formulas[0])
                raise row_errors.formula(int(lines[row]), column.original_name, cells[row])
            return cells, False
        if cells.dtype != pl.String:
            return cells, False
        numbers, needed_text = typed_numbers(
            cells, column, self._dialect.decimal, self._plan, lines, 0, words
        )
        return numbers.alias(column.name), needed_text

"""Reads a text table chunk by chunk into typed frames; where a row does not fit, says which and why."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_tools.engine import row_errors
from data_tools.engine.byte_stream import ByteStream, RecodeError, TextEncoding, text_chunks
from data_tools.engine.csv_cells import CellParser, Cells, Piece
from data_tools.engine.dialect import COMMENT
from data_tools.engine.limits import Limits
from data_tools.engine.lines import LineNumbers
from data_tools.engine.look_ahead import look_ahead
from data_tools.engine.plan import Plan, PlannedColumn, ReplanError
from data_tools.engine.typing_cells import WordTally, typed_dates, typed_numbers
from data_tools.errors import UnreadableFileError

_SLOW_BYTES = 1 << 17


class CsvReader:
    """Frames of `date` and the planned columns, in the units of the file. Iterate `frames()` once."""

    def __init__(self, path: Path, plan: Plan, limits: Limits) -> None:
        self._plan, self._limits = plan, limits
        self._dialect, self._encoding = plan.layout
        self._stream = ByteStream(path, limits)
        self.compression = self._stream.compression
        self.lines = LineNumbers(self._dialect.data_line, limits.blank_or_comment_lines)
        self.words = WordTally()
        # Columns that hold words or thousands separators are read as text from then on; the values are the same.
        self._as_text: set[int] = set()
        self._numbers = frozenset(column.index for column in plan.columns if column.kind == "number")
        self._parser = CellParser(plan)
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="csv-parser")
        self.fraction_read = 0.0

    @property
    def bytes_read(self) -> int:
        return self._stream.bytes_out

    def close(self) -> None:
        self._beside.shutdown(cancel_futures=True)
        self._stream.close()

    def frames(self) -> Iterator[pl.DataFrame]:
        try:
            for cells in look_ahead(
                self._pieces(), self._parser.parsed, self._beside, most=self._limits.chunks_ahead
            ):
                self.fraction_read = cells.piece.fraction_read
                yield from self._frames_of(cells)
        except RecodeError:
            encoding = TextEncoding("cp1252", self._encoding.bom, self._encoding.lone_cr)
            raise ReplanError(replace(self._plan, encoding=encoding)) from None

    def _pieces(self) -> Iterator[Piece]:
        skip = self._dialect.data_line - 1
        for line, chunk in text_chunks(self._stream, self._encoding, self._limits):
            at = 0
            while skip and at < len(chunk):
                at = chunk.index(b"\n", at) + 1
                skip -= 1
            body = chunk[at:] if at else chunk
            if body:
                yield self._piece(body, max(line, self._dialect.data_line), self._stream.fraction_read)

    def _piece(self, chunk: bytes, first_line: int, fraction_read: float) -> Piece:
        return Piece(chunk, first_line, self._numbers - self._as_text, fraction_read)

    def _frames_of(self, cells: Cells) -> Iterator[pl.DataFrame]:
        """The chunk as one frame; where a row is odd, in halves, so that only few rows go the slow way."""
        chunk, first_line = cells.piece.chunk, cells.piece.first_line
        lines: NDArray[np.int64] | range = range(first_line, first_line + cells.height)
        problems: list[UnreadableFileError] = []
        raw = cells.raw
        if raw is None:
            cut = chunk.rfind(b"\n", 0, len(chunk) // 2) + 1
            if cut and len(chunk) > _SLOW_BYTES:
                half = self._parser.parsed(self._piece(chunk[:cut], first_line, self.fraction_read))
                yield from self._frames_of(half)
                rest = self._piece(chunk[cut:], first_line + half.height, self.fraction_read)
                yield from self._frames_of(self._parser.parsed(rest))
                return
            raw, lines = self._parser.one_by_one(chunk, first_line, problems)
        frame = self._typed(raw, lines, problems)
        if frame.height:
            yield frame

    def _typed(
        self, raw: pl.DataFrame, lines: NDArray[np.int64] | range, problems: list[UnreadableFileError]
    ) -> pl.DataFrame:
        raw, lines = self._without_empty_rows(raw, lines)
        columns = [pl.Series("date", [], dtype=self._plan.dates.dtype)]
        try:
            if raw.height:
                columns = [typed_dates(raw, lines, self._plan, self._limits).alias("date")]
        except UnreadableFileError as problem:
            problems.append(problem)
        for column in self._plan.columns:
            try:
                columns.append(self._column(raw, column, lines))
            except UnreadableFileError as problem:
                problems.append(problem)
        if problems:
            # The first in the file, so that the message does not depend on where chunks were cut.
            raise min(problems, key=lambda problem: problem.row or 0)
        self.lines.extend(lines)
        return pl.DataFrame(columns)

    def _without_empty_rows(
        self, raw: pl.DataFrame, lines: NDArray[np.int64] | range
    ) -> tuple[pl.DataFrame, NDArray[np.int64] | range]:
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
        self, raw: pl.DataFrame, column: PlannedColumn, lines: NDArray[np.int64] | range
    ) -> pl.Series:
        cells = raw[str(column.index)]
        if column.kind == "text":
            formulas = cells.str.starts_with("=").arg_true()
            if len(formulas):
                row = int(formulas[0])
                raise row_errors.formula(int(lines[row]), column.original_name, cells[row])
            return cells.alias(column.name)
        if cells.dtype == pl.String:
            numbers, needed_text = typed_numbers(
                cells, column, self._dialect.decimal, self._plan, lines, self.lines.count, self.words
            )
            if needed_text:
                self._as_text.add(column.index)
            return numbers.alias(column.name)
        return cells.alias(column.name)


def check_rows(rows: int, limits: Limits) -> None:
    """Raises when a table is too short to be a series, or longer than can be kept."""
    if rows < 2:
        raise UnreadableFileError(
            "too_few_rows",
            f"The file has only {rows} row of data; a time series needs two at least.",
            way_out="Upload the whole series.",
        )
    if rows > limits.rows:
        raise UnreadableFileError(
            "too_many_rows",
            f"The file has more than {limits.rows:,} rows.",
            way_out="Split the file by years, or average it to a longer time step.",
        )

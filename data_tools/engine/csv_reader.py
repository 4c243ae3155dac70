"""Reads a text table chunk by chunk into typed frames; where a row does not fit, says which and why."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_tools.engine import row_errors
from data_tools.engine.byte_stream import (
    ByteStream,
    RecodeError,
    TextEncoding,
    count_byte,
    count_lines,
    text_chunks,
)
from data_tools.engine.dialect import COMMENT, split_line
from data_tools.engine.limits import Limits
from data_tools.engine.lines import LineNumbers
from data_tools.engine.plan import Plan, PlannedColumn, ReplanError
from data_tools.engine.typing_cells import WordTally, typed_dates, typed_numbers
from data_tools.errors import UnreadableFileError

_QUOTE, _NEWLINE = ord('"'), ord("\n")
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

    @property
    def fraction_read(self) -> float:
        return self._stream.fraction_read

    @property
    def bytes_read(self) -> int:
        return self._stream.bytes_out

    def close(self) -> None:
        self._stream.close()

    def frames(self) -> Iterator[pl.DataFrame]:
        skip = self._dialect.data_line - 1
        try:
            for line, chunk in text_chunks(self._stream, self._encoding, self._limits):
                at = 0
                while skip and at < len(chunk):
                    at = chunk.index(b"\n", at) + 1
                    skip -= 1
                body = chunk[at:] if at else chunk
                if body:
                    yield from self._frames_of(body, max(line, self._dialect.data_line))
        except RecodeError:
            encoding = TextEncoding("cp1252", self._encoding.bom, self._encoding.lone_cr)
            raise ReplanError(replace(self._plan, encoding=encoding)) from None

    def _frames_of(self, chunk: bytes, first_line: int) -> Iterator[pl.DataFrame]:
        """The chunk as one frame; where a row is odd, in halves, so that only few rows go the slow way."""
        height, regular = self._measure(chunk)
        lines: NDArray[np.int64] | range = range(first_line, first_line + height)
        problems: list[UnreadableFileError] = []
        raw = self._parse(chunk) if regular else None
        if raw is None or raw.height != height:
            cut = chunk.rfind(b"\n", 0, len(chunk) // 2) + 1
            if cut and len(chunk) > _SLOW_BYTES:
                yield from self._frames_of(chunk[:cut], first_line)
                yield from self._frames_of(chunk[cut:], first_line + count_lines(chunk[:cut]))
                return
            raw, lines = self._cells_one_by_one(chunk, first_line, problems)
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

    def _measure(self, chunk: bytes) -> tuple[int, bool]:
        """Number of lines, and whether quotes close and delimiters have the right number, as far as their sum tells.

        A row with too many cells makes polars raise, so that a long and a short row cannot cancel out unseen.
        """
        height = count_lines(chunk)
        expected = height * (len(self._dialect.names) - 1)
        mark = ord(self._dialect.delimiter)
        if b'"' not in chunk:
            return height, count_byte(chunk, mark) == expected
        codes = np.frombuffer(chunk, dtype=np.uint8)
        quotes = np.flatnonzero(codes == _QUOTE)
        before_line_end = np.searchsorted(quotes, np.flatnonzero(codes == _NEWLINE))
        if (before_line_end % 2).any():
            return height, False
        outside = np.searchsorted(quotes, np.flatnonzero(codes == mark)) % 2 == 0
        return height, int(np.count_nonzero(outside)) == expected

    def _parse(self, chunk: bytes) -> pl.DataFrame | None:
        """Cells by column number: numbers where the column is one, else text. None where polars gives up."""
        numbers = {column.index for column in self._plan.columns if column.kind == "number"}
        if self._dialect.decimal == "," and chunk.count(b".") > self._dots_in_dates(chunk):
            numbers = set()
        for floats in (numbers - self._as_text, set[int]()):
            try:
                return pl.read_csv(
                    chunk,
                    has_header=False,
                    schema={
                        str(i): pl.Float64 if i in floats else pl.String
                        for i in range(len(self._dialect.names))
                    },
                    separator=self._dialect.delimiter,
                    decimal_comma=self._dialect.decimal == ",",
                )
            except pl.exceptions.PolarsError:
                continue
        return None

    def _dots_in_dates(self, chunk: bytes) -> int:
        form = self._plan.dates.format
        return form.strptime.count(".") * chunk.count(b"\n") if form is not None else 0

    def _cells_one_by_one(
        self, chunk: bytes, first_line: int, problems: list[UnreadableFileError]
    ) -> tuple[pl.DataFrame, NDArray[np.int64]]:
        """The slow and certain way: drops blank and comment lines, stops at a row of the wrong width."""
        width = len(self._dialect.names)
        rows, lines = [], []
        for line, text in enumerate(chunk.decode("utf-8").split("\n")[:-1], first_line):
            text = text.removesuffix("\r")
            if not text.strip() or text.lstrip().startswith(COMMENT):
                continue
            row = split_line(text, self._dialect.delimiter)
            if not any(row):
                continue
            if text.count('"') % 2:
                problems.append(row_errors.unclosed_quote(line))
                break
            if len(row) != width:
                problems.append(row_errors.ragged_row(line, len(row), width))
                break
            rows.append(row)
            lines.append(line)
        columns = zip(*rows, strict=True) if rows else ([] for _ in range(width))
        frame = pl.DataFrame(
            [
                pl.Series(str(i), [cell or None for cell in cells], dtype=pl.String)
                for i, cells in enumerate(columns)
            ]
        )
        return frame, np.array(lines, dtype=np.int64)

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

"""Cuts a chunk of a text table into cells: fast where every row fits the table, one by one where one is odd."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_tools.engine import row_errors
from data_tools.engine.byte_stream import count_byte, count_lines
from data_tools.engine.dialect import COMMENT, split_line, unclosed_quote
from data_tools.engine.plan import Plan
from data_tools.errors import UnreadableFileError

_QUOTE, _NEWLINE = ord('"'), ord("\n")


class CellParser:
    """Keeps nothing from one chunk to the next, so that chunks may be parsed side by side."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._dialect, _ = plan.layout

    def parsed(self, chunk: bytes, numbers: frozenset[int]) -> tuple[int, pl.DataFrame | None]:
        """The number of lines and, where all of them fit the table, the cells by column number: `numbers` as such."""
        height, regular = self._measure(chunk)
        raw = self._parse(chunk, numbers) if regular else None
        return height, raw if raw is not None and raw.height == height else None

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

    def _parse(self, chunk: bytes, numbers: frozenset[int]) -> pl.DataFrame | None:
        """All as text where one of `numbers` is none. None where polars gives up."""
        if self._dialect.decimal == "," and chunk.count(b".") > self._dots_in_dates(chunk):
            numbers = frozenset()
        for floats in (numbers, frozenset[int]()):
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

    def one_by_one(
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
                problems.append(unclosed_quote(line))
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

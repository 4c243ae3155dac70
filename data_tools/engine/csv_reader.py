"""Reads a text table into typed frames, in the order of the file; the next pieces are parsed while one is in use."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import polars as pl

from data_tools.engine.byte_stream import ByteStream, RecodeError, TextEncoding, text_chunks
from data_tools.engine.csv_pieces import Piece, PieceRead, PieceReader
from data_tools.engine.limits import Limits
from data_tools.engine.lines import LineNumbers
from data_tools.engine.look_ahead import look_ahead
from data_tools.engine.plan import Plan, ReplanError
from data_tools.engine.typing_cells import WordTally
from data_tools.errors import UnreadableFileError


class CsvReader:
    """Frames of `date` and the planned columns, in the units of the file. Iterate `frames()` once."""

    def __init__(self, path: Path, plan: Plan, limits: Limits) -> None:
        self._plan = plan
        self._dialect, self._encoding = plan.layout
        self._limits = limits
        self._stream = ByteStream(path, limits)
        self.compression = self._stream.compression
        self.lines = LineNumbers(self._dialect.data_line, limits.blank_or_comment_lines)
        self.words = WordTally()
        # Columns that hold words or thousands separators are read as text from then on; the values are the same.
        self._as_text: frozenset[int] = frozenset()
        self._reader = PieceReader(plan, limits)
        self._beside = ThreadPoolExecutor(max(limits.chunks_ahead, 1), thread_name_prefix="csv-reader")
        self.fraction_read = 0.0

    @property
    def bytes_read(self) -> int:
        return self._stream.bytes_out

    def close(self) -> None:
        """Waits for what is being parsed, and drops it."""
        self._beside.shutdown(cancel_futures=True)
        self._stream.close()

    def frames(self) -> Iterator[pl.DataFrame]:
        ahead = self._limits.chunks_ahead
        try:
            for read in look_ahead(self._pieces(), self._reader.read, self._beside, most=ahead):
                yield from self._frames_of(read)
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
                first_line = max(line, self._dialect.data_line)
                yield Piece(body, first_line, self._as_text, self._stream.fraction_read)

    def _frames_of(self, read: PieceRead) -> Iterator[pl.DataFrame]:
        self.fraction_read = read.fraction_read
        for rows in read.rows:
            self._as_text |= rows.as_text
            self.words.add_all(rows.words, self.lines.count)
            self.lines.extend(rows.lines)
            if rows.frame.height:
                yield rows.frame
        if read.failure is not None:
            raise read.failure


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

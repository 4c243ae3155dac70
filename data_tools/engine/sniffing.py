"""Looks at the beginning of a text file and makes the plan for reading it whole."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from data_tools.engine import dates as dating
from data_tools.engine.byte_stream import (
    ByteStream,
    RecodeError,
    TextEncoding,
    check_not_foreign,
    detect_encoding,
    text_chunks,
)
from data_tools.engine.dates import DateColumns
from data_tools.engine.dialect import COMMENT, Dialect, find_dialect, split_line
from data_tools.engine.limits import DEFAULT_LIMITS, Limits
from data_tools.engine.plan import Plan, find_step, plan_columns
from data_tools.errors import UnreadableFileError

SAMPLE_ROWS = 10_000


def sniff(path: Path, limits: Limits = DEFAULT_LIMITS) -> Plan:
    """The plan for a text file, compressed or not. Raises UnreadableFileError and nothing else."""
    encoding = _encoding(path, limits)
    try:
        lines = _sample(path, encoding, limits)
    except RecodeError:
        encoding = TextEncoding("cp1252", 0, encoding.lone_cr)
        lines = _sample(path, encoding, limits)
    dialect = find_dialect(lines, limits)
    cells = _cells(lines[dialect.data_line - 1 :], dialect)
    columns = dating.find_date_columns(dialect.names, cells)
    if columns is None:
        raise _no_date(dialect, cells)
    if dialect.decimal == "," and columns.kind == "parts":
        dialect = replace(dialect, decimal=",")
    step = find_step(_times(columns, cells))
    planned = plan_columns(dialect.names, dialect.unit_row, cells, columns, step)
    return Plan(columns=planned, dates=columns, step=step, dialect=dialect, encoding=encoding)


def _encoding(path: Path, limits: Limits) -> TextEncoding:
    stream = ByteStream(path, limits)
    try:
        head = stream.read(min(limits.sample_bytes, 1 << 16))
    finally:
        stream.close()
    check_not_foreign(head)
    return detect_encoding(head)


def _sample(path: Path, encoding: TextEncoding, limits: Limits) -> list[str]:
    stream = ByteStream(path, limits)
    try:
        text = b""
        for _, chunk in text_chunks(stream, encoding, replace(limits, chunk_bytes=limits.sample_bytes)):
            text += chunk
            # Of a short file, a last line without a line break is a chunk by itself.
            if len(text) >= limits.sample_bytes // 4:
                break
    finally:
        stream.close()
    return text.decode("utf-8").replace("\r\n", "\n").split("\n")[:-1]


def _cells(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    """The sample by column. Rows of another width are left to the reader, which names their line."""
    width = len(dialect.names)
    rows = []
    for line in lines:
        if line.strip() and not line.lstrip().startswith(COMMENT):
            row = split_line(line, dialect.delimiter)
            if len(row) == width:
                rows.append(row)
                if len(rows) == SAMPLE_ROWS:
                    break
    if len(rows) < 2:
        raise UnreadableFileError(
            "too_few_rows",
            f"The file has only {len(rows)} row of data, in line {dialect.data_line:,}; a time series needs two at least.",
            way_out="Upload the whole series.",
            row=dialect.data_line,
        )
    return [list(column) for column in zip(*rows, strict=True)]


def _times(columns: DateColumns, cells: Sequence[Sequence[str]]) -> list[int]:
    series = [
        pl.Series([value or None for value in cells[index]], dtype=pl.String) for index in columns.columns
    ]
    stamps = columns.parse(series).cast(pl.Datetime("ms")).drop_nulls()
    return [int(value) for value in stamps.dt.timestamp("ms")]


def _no_date(dialect: Dialect, cells: Sequence[Sequence[str]]) -> UnreadableFileError:
    names = ", ".join(f"'{name}'" for name in dialect.names[:8])
    example = cells[0][0]
    return UnreadableFileError(
        "no_date_column",
        f"No column holds dates; the columns are {names}, and line {dialect.data_line:,} begins with '{example[:40]}'.",
        way_out="Add a column of dates such as 2000-01-31, or columns year, month and day.",
        row=dialect.data_line,
        column=dialect.names[0],
        value=example[:40],
    )

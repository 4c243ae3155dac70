"""Rows of a Parquet file for the page: some at a time, found by number or by time, written as a hydrologist reads them."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from data_tools.engine.preview import read_rows
from design.templatetags.show import decimal

ROWS_SHOWN = 50
ROWS_BEFORE = 3  # shown above the row that was asked for by its time


@dataclass(frozen=True)
class RowsPage:
    """`first` is the number of the first row shown, from 1. Cells are (text or None, is a number)."""

    names: list[tuple[str, bool]]
    rows: list[tuple[int, list[tuple[str | None, bool]], bool]]
    first: int
    total: int

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def previous(self) -> int | None:
        return max(1, self.first - ROWS_SHOWN) if self.first > 1 else None

    @property
    def next(self) -> int | None:
        return self.last + 1 if self.last < self.total else None

    @property
    def last_page(self) -> int:
        return max(1, self.total - ROWS_SHOWN + 1)


def read_page(parquet: Path, *, row: int = 1, start: str = "", end: str = "") -> RowsPage:
    """Fifty rows from number `row` on; or those around `start`, with all up to `end` marked.

    Times that are none are as if not given. Raises FileNotFoundError when the file is gone.
    """
    table = pl.scan_parquet(parquet)
    schema = table.collect_schema()
    total = int(table.select(pl.len()).collect().item())
    since, until = _moment(start), _moment(end) or _moment(start)
    if since is not None:
        before = table.select((pl.col("date") < since).sum()).collect().item()
        row = int(before) + 1 - ROWS_BEFORE
    first = max(1, min(row, total))
    names = [(name, dtype.is_numeric()) for name, dtype in schema.items()]
    rows = []
    for number, record in enumerate(read_rows(parquet, first - 1, ROWS_SHOWN), start=first):
        values = list(record.values())
        marked = since is not None and until is not None and since <= _as_moment(values[0]) <= until
        cells = [(_text(value), numeric) for value, (_name, numeric) in zip(values, names, strict=True)]
        rows.append((number, cells, marked))
    return RowsPage(names, rows, first, total)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return None


def _as_moment(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes" if value.second == 0 else "seconds")
    if isinstance(value, float):
        return decimal(f"{value:.6g}")
    return str(value)

"""Puts a Parquet file in the order of time and drops repeated dates, one column in memory at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_tools.engine.checks.series import Place, Tally
from data_tools.engine.parquet_writer import write_parquet


def put_in_order(
    source: Path, workspace: Path, rows_at_once: int, poll: Callable[[], None]
) -> tuple[Path, NDArray[np.int64], Tally]:
    """The ordered file, for each of its rows the row of `source` it came from, and a tally of the rows left out.

    Of rows with the same date the first in the file stays. Rows in the tally are rows of `source`.
    """
    dates = pl.scan_parquet(source).select("date").collect()["date"]
    order: NDArray[np.int64] = np.argsort(dates.to_physical().to_numpy(), kind="stable").astype(np.int64)
    ordered = dates.gather(order)
    repeats = (ordered == ordered.shift(1)).fill_null(False).to_numpy()
    dropped = Tally()
    rows = np.sort(order[repeats])
    times = dates.cast(pl.Datetime("ms")).to_physical()
    dropped.count = len(rows)
    dropped.places = [Place(int(row), times[int(row)]) for row in rows[:50]]
    if len(rows):
        dropped.last = Place(int(rows[-1]), times[int(rows[-1])])
    order = order[~repeats]
    schema = pl.scan_parquet(source).collect_schema()
    for name in schema:
        poll()
        column = pl.scan_parquet(source).select(name).collect().to_series()
        column.gather(order).to_frame().write_parquet(
            workspace / f"{list(schema).index(name)}.column", compression="lz4", row_group_size=rows_at_once
        )
    target = workspace / "ordered.parquet"
    frames = _joined(workspace, schema, len(order), rows_at_once, poll)
    write_parquet(frames, schema, target, row_group_rows=rows_at_once)
    return target, order, dropped


def _joined(
    workspace: Path, schema: pl.Schema, rows: int, at_once: int, poll: Callable[[], None]
) -> Iterator[pl.DataFrame]:
    columns = [pl.scan_parquet(workspace / f"{index}.column") for index in range(len(schema))]
    for offset in range(0, rows, at_once):
        poll()
        parts = pl.collect_all([column.slice(offset, at_once) for column in columns])
        yield pl.concat(parts, how="horizontal")

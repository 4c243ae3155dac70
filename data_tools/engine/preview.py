"""Looks into a processed Parquet file for a page: a few rows of the table, and series thinned for a plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

# A distance of more than this many usual steps is drawn as a gap.
_GAP_STEPS = 1.5
_PIECE_ROWS = 1 << 19


@dataclass(frozen=True)
class PlotSeries:
    """Points of one column: milliseconds since 1970 (as Bokeh and JavaScript count) and values, None where a gap is."""

    times_ms: list[int]
    values: list[float | None]


def read_rows(parquet: Path, offset: int, limit: int) -> list[dict[str, Any]]:
    """`limit` rows from `offset` on, as dicts in the order of the columns; only their row groups are read."""
    return pl.scan_parquet(parquet, glob=False).slice(max(offset, 0), max(limit, 0)).collect().to_dicts()


def read_series(parquet: Path, columns: Sequence[str], max_points: int) -> dict[str, PlotSeries]:
    """Each column in at most about `max_points` points, in the order of time.

    The rows are cut into equal buckets, and of each bucket the lowest and the highest value stay, at their true times:
    no peak is lost. Missing values and missing rows stay as None. Columns are read one after the other.
    """
    table = pl.scan_parquet(parquet, glob=False)
    dates = table.select("date").collect().to_series()
    times: NDArray[np.int64] = dates.cast(pl.Datetime("ms")).to_physical().to_numpy()
    series = {}
    for name in columns:
        values = table.select(pl.col(name).cast(pl.Float64)).collect().to_series().to_numpy()
        if len(values) <= max(max_points, 4):
            series[name] = _all_points(times, values)
        else:
            series[name] = _thinned(times, values, max(max_points, 4) // 2)
    return series


def _all_points(times: NDArray[np.int64], values: NDArray[np.float64]) -> PlotSeries:
    return _with_gaps(times, values, np.diff(times))


def _thinned(times: NDArray[np.int64], values: NDArray[np.float64], buckets: int) -> PlotSeries:
    width = -(-len(values) // buckets)
    full = len(values) // width * width
    # Some whole buckets at a time: the page server need not hold copies of a long column.
    piece = max(width, _PIECE_ROWS // width * width)
    chosen = [
        _extremes(values[start : min(start + piece, full)].reshape(-1, width), start)
        for start in range(0, full, piece)
    ]
    if full < len(values):
        chosen.append(_extremes(values[full:].reshape(1, -1), full))
    rows = np.unique(np.concatenate(chosen))
    usual = np.median(np.diff(times[: 1 << 16])) * width
    distances = np.diff(times[rows])
    # Extremes of neighbouring buckets may lie two widths apart without any gap.
    return _with_gaps(times[rows], values[rows], distances, gap_ms=float(2 * usual * _GAP_STEPS))


def _extremes(table: NDArray[np.float64], first: int) -> NDArray[np.int64]:
    """Row numbers of the lowest and highest value of each bucket; its middle where more than half is missing."""
    starts = first + np.arange(len(table), dtype=np.int64) * table.shape[1]
    missing = np.isnan(table)
    low = np.argmin(np.where(missing, np.inf, table), axis=1)
    high = np.argmax(np.where(missing, -np.inf, table), axis=1)
    empty = missing.sum(axis=1) * 2 > table.shape[1]
    gaps = starts[empty] + np.argmax(missing[empty], axis=1)
    return np.concatenate((starts + low, starts + high, gaps))


def _with_gaps(
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    distances: NDArray[np.int64],
    gap_ms: float | None = None,
) -> PlotSeries:
    """The points, with a None put in wherever two of them lie further apart than the usual step."""
    if len(distances):
        limit = gap_ms if gap_ms is not None else float(np.median(distances)) * _GAP_STEPS
        at = np.flatnonzero(distances > limit)
        values = np.insert(values, at + 1, np.nan)
        times = np.insert(times, at + 1, times[at] + distances[at] // 2)
    return PlotSeries(times.tolist(), [None if np.isnan(value) else value for value in values.tolist()])

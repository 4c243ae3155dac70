"""Pages of rows, and series thinned for a plot without losing a peak or hiding a gap."""

import datetime
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_tools.engine.preview import read_rows, read_series


def written(folder: Path, values: list[float | None], skip: slice = slice(0, 0)) -> Path:
    start = datetime.datetime(2000, 1, 1)
    dates = pl.datetime_range(start, start + datetime.timedelta(hours=len(values) - 1), "1h", eager=True)
    frame = pl.DataFrame(
        {"date": dates, "q": pl.Series(values, dtype=pl.Float64), "flag": ["A"] * len(values)}
    )
    keep = np.ones(len(values), dtype=bool)
    keep[skip] = False
    path = folder / "table.parquet"
    frame.filter(pl.Series(keep)).write_parquet(path, row_group_size=1_000)
    return path


def test_a_page_of_rows_is_read_by_offset(tmp_path: Path) -> None:
    path = written(tmp_path, [float(i) for i in range(5_000)])
    rows = read_rows(path, 3_998, 3)
    assert [row["q"] for row in rows] == [3998.0, 3999.0, 4000.0]
    assert list(rows[0]) == ["date", "q", "flag"]
    assert read_rows(path, 4_999, 10)[0]["q"] == 4999.0
    assert read_rows(path, 9_000, 10) == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=2, max_size=400),
    st.integers(10, 120),
)
def test_thinning_keeps_the_extremes_and_the_order_of_time(
    tmp_path: Path, values: list[float | None], most: int
) -> None:
    series = read_series(written(tmp_path, values), ["q"], most)["q"]
    known = [value for value in values if value is not None]
    shown = [value for value in series.values if value is not None]
    assert series.times_ms == sorted(series.times_ms)
    assert (min(shown), max(shown)) == (min(known), max(known)) if known else not shown
    assert len(series.times_ms) == len(series.values) <= 2 * most + 4


def test_a_year_of_missing_values_stays_a_gap(tmp_path: Path) -> None:
    values: list[float | None] = [float(i % 24) for i in range(20_000)]
    values[8_000:12_000] = [None] * 4_000
    series = read_series(written(tmp_path, values), ["q"], 200)["q"]
    shares = [
        time / series.times_ms[-1]
        for time, value in zip(series.times_ms, series.values, strict=True)
        if value is None
    ]
    start = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).timestamp() * 1000
    gaps = [time for time, value in zip(series.times_ms, series.values, strict=True) if value is None]
    assert shares
    assert all(8_000 <= (time - start) / 3_600_000 <= 12_000 for time in gaps)


def test_missing_rows_break_the_line(tmp_path: Path) -> None:
    for count, most in ((300, 1_000), (20_000, 200)):
        path = written(tmp_path, [1.0] * count, skip=slice(count // 4, count // 2))
        series = read_series(path, ["q"], most)["q"]
        assert series.values.count(None) == 1

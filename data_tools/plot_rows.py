"""Which rows of a long record the plot draws: the peaks and lows of each column, at their true times, and all of the row."""

from pathlib import Path
from typing import Any

import polars as pl

from data_tools.engine.preview import read_series
from data_tools.models import DataSource
from data_tools.plots import plotted_columns, series_plot

MAX_POINTS = 4000


def source_plot(source: DataSource, *, theme: str) -> dict[str, Any]:
    """Bokeh's JSON for the time series of a processed data source."""
    numbers = [column for column in source.columns if column["kind"] == "number"]
    names = plotted_columns([column["name"] for column in numbers])
    return series_plot(
        plot_rows(source.parquet_file, names),
        units={column["name"]: column["unit"] for column in numbers},
        findings=source.result["findings"],
        theme=theme,
    )


def plot_rows(parquet: Path, names: list[str], *, max_points: int = MAX_POINTS) -> dict[str, list[Any]]:
    """`date` and the columns as lists of one length: at most about `max_points` rows for each column."""
    table = pl.scan_parquet(parquet, glob=False).select("date", *names)
    if table.select(pl.len()).collect().item() > max_points:
        thinned = read_series(parquet, names, max_points).values()
        moments = pl.Series("moment", sorted({time for series in thinned for time in series.times_ms}))
        kept = moments.cast(pl.Datetime("ms")).to_frame().lazy()
        table = table.with_columns(moment=pl.col("date").cast(pl.Datetime("ms")))
        table = table.join(kept, on="moment", how="semi").drop("moment").sort("date")
    return table.collect().to_dict(as_series=False)

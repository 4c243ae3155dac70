"""What the plot of a data source is drawn from: the columns worth drawing, thinned so that no peak is lost."""

from typing import Any

from data_tools.engine.preview import read_series
from data_tools.models import DataSource

MAX_POINTS = 4000


def source_plot(source: DataSource, *, theme: str) -> dict[str, Any]:
    """Bokeh's JSON for the time series of a processed data source."""
    # A second of a core for Bokeh, which beat and every command that looks at the views' addresses need not spend.
    from data_tools.plots import plotted_columns, series_plot

    numbers = [column for column in source.columns if column["kind"] == "number"]
    names = plotted_columns([column["name"] for column in numbers])
    return series_plot(
        read_series(source.parquet_file, names, MAX_POINTS),
        units={column["name"]: column["unit"] for column in numbers},
        findings=source.result["findings"],
        theme=theme,
    )

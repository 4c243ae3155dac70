"""How every plot looks: the colours of static/css/tokens.css, one kind of figure, one way to JSON.

A page hands the JSON to static/js/plots.js, which draws it with bokeh.min.js (the other Bokeh files are not
needed). Plots hold no CustomJS: that would be evaluated, which the Content-Security-Policy forbids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from bokeh.embed import json_item
from bokeh.models import (
    BoxZoomTool,
    DatetimeAxis,
    DatetimeTickFormatter,
    HoverTool,
    Legend,
    NoOverlap,
    PanTool,
    ResetTool,
    WheelZoomTool,
)
from bokeh.plotting import figure
from django.utils.translation import gettext as _

Theme = Literal["light", "dark"]
Array = npt.NDArray[np.float64]
Dates = Sequence[date | str | int] | npt.NDArray[np.datetime64]

# With the line of the figures' table below them, these fill .plot (22rem) and .plot.tall (32rem): nothing jumps.
HEIGHT = 312
# Letters of all names together that stand side by side at 360 pixels.
ONE_ROW = 32
TALL_HEIGHT = 472


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme, named as the tokens are; `more` tells several simulations apart."""

    ink: str
    ink_2: str
    ink_3: str
    line: str
    raised: str
    river: str
    sim: str
    severity: dict[str, str]
    more: tuple[str, ...]


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        ink="#1a2327",
        ink_2="#4b5a61",
        ink_3="#5f6f77",
        line="#dfe3e1",
        raised="#ffffff",
        river="#0b6e99",
        sim="#cf7a26",
        severity={"error": "#b42318", "warning": "#c4620a", "info": "#3b6fb5"},
        more=("#cf7a26", "#7a4fb5", "#1f7a4d", "#b4236a", "#8a6d00", "#4b5a61"),
    ),
    "dark": Palette(
        ink="#e6ebed",
        ink_2="#aab7bd",
        ink_3="#84929a",
        line="#2b3338",
        raised="#1b2125",
        river="#4fb3dd",
        sim="#f0a95c",
        severity={"error": "#f0756a", "warning": "#f0964a", "info": "#7fa9e6"},
        more=("#f0a95c", "#b79ae6", "#58c48f", "#ee86b4", "#d4b03a", "#aab7bd"),
    ),
}
TICK_SCALES = (
    "microseconds", "milliseconds", "seconds", "minsec", "minutes", "hourmin", "hours", "days", "months",
)  # fmt: skip
NUMERIC_DATES = {"%b %d": "%m-%d", "%b %Y": "%Y-%m", "%b %d, %Y": "%Y-%m-%d"}
DASHES: tuple[str, ...] = ("solid", "dashed", "dotdash", "dotted", "dashdot", "solid")


def palette(theme: str) -> Palette:
    """The colours of a theme; light for anything unknown, since the value comes from an address."""
    return PALETTES["dark" if theme == "dark" else "light"]


def make_figure(
    colours: Palette, *, height: int = HEIGHT, x_label: str = "", y_label: str = "", **options: Any
) -> figure:
    """An empty figure as wide as its place: transparent, with hairlines; pan, zooms and reset."""
    pan = PanTool(dimensions="width", description=_("Move"))
    wheel = WheelZoomTool(dimensions="width", description=_("Zoom with the wheel"))
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        tools=[
            pan,
            BoxZoomTool(description=_("Zoom into a box")),
            wheel,
            ResetTool(description=_("Show all again")),
        ],
        active_drag=pan,
        # A page must scroll when the pointer happens to lie over a plot; the wheel zooms once its button is pressed.
        active_scroll=None,
        toolbar_location="right",
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        x_axis_label=x_label or None,
        y_axis_label=y_label or None,
        **options,
    )
    plot.toolbar.logo = None
    style_axes(plot, colours)
    for axis in plot.select(DatetimeAxis):
        write_days_in_figures(axis.formatter)
    return plot


def write_days_in_figures(formatter: DatetimeTickFormatter | None) -> None:
    """2002-05 in place of May 2002, for Bokeh knows the English months only; the same for what stands below a tick."""
    while isinstance(formatter, DatetimeTickFormatter):
        for scale in TICK_SCALES:
            written = getattr(formatter, scale)
            setattr(formatter, scale, NUMERIC_DATES.get(written, written))
        formatter = formatter.context


def style_axes(plot: figure, colours: Palette) -> None:
    """Again after an axis is added: axes do not inherit."""
    for axis in plot.axis:
        axis.axis_line_color = colours.line
        axis.major_tick_line_color = colours.line
        axis.minor_tick_line_color = None
        axis.major_label_policy = NoOverlap()
        axis.major_label_text_color = colours.ink_2
        axis.axis_label_text_color = colours.ink_2
        axis.axis_label_text_font_style = "normal"
        axis.major_label_text_font = axis.axis_label_text_font = "system-ui, sans-serif"
        axis.major_label_text_font_size = axis.axis_label_text_font_size = "12px"
    for grid in plot.grid:
        grid.grid_line_color = colours.line
        grid.grid_line_alpha = 0.7
    plot.xgrid.grid_line_color = None


def style_legend(plot: figure, colours: Palette) -> None:
    """Above the figure, in one row if that fits a telephone; a click on a name hides its line."""
    for legend in plot.select(Legend):
        letters = sum(len(str(item.label.value)) for item in legend.items)
        legend.orientation = "horizontal" if letters <= ONE_ROW else "vertical"
        legend.click_policy = "hide"
        legend.background_fill_color = legend.border_line_color = None
        legend.inactive_fill_color = colours.line
        legend.inactive_fill_alpha = 0.7
        legend.label_text_color = colours.ink_2
        legend.label_text_font = "system-ui, sans-serif"
        legend.label_text_font_size = "12px"
        legend.padding = 0
        plot.add_layout(legend, "above")


def hover(renderers: Sequence[Any], *rows: tuple[str, str], mode: str = "vline") -> HoverTool:
    """A tool tip with a row for each (label, field); a field `date` is written as a day."""
    return HoverTool(
        renderers=list(renderers),
        tooltips=list(rows),
        formatters={"@date": "datetime", "@start": "datetime", "@end": "datetime"},
        mode=mode,
    )


def ticks_1_2_5(low: float, high: float) -> list[float]:
    """Round values for a logarithmic axis that shows low to high (both above 0): 1, 2, 5, 10, 20, 50, ..."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    return [float(f"{factor}e{decade}") for decade in decades for factor in (1, 2, 5)]


def first_ticks(most: float) -> list[float]:
    """0 and one or two round values up to `most`, for an axis that takes a third of the plot."""
    step = max(tick for tick in ticks_1_2_5(most / 10, most) if tick <= most)
    return [0.0, step / 2, step]


def to_json(plot: Any) -> dict[str, Any]:
    """What Bokeh.embed.embed_item draws."""
    return dict(json_item(plot))


def as_dates(values: Dates) -> npt.NDArray[np.datetime64]:
    """Days, ISO 8601 texts or milliseconds since 1970, as milliseconds."""
    return np.asarray(values, dtype="datetime64[ms]")


def as_floats(values: Sequence[float | None] | npt.NDArray[Any]) -> Array:
    """Missing ones as NaN, which breaks a line."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def with_unit(name: str, unit: str | None) -> str:
    return f"{name} {unit}" if unit else name

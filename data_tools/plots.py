"""The plot of a data source: its hydrograph, or its first columns where there is no discharge.

It takes what engine.preview.read_series gives, and gives the dictionary that the page's plots.js hands to Bokeh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from bokeh.layouts import column as stack
from bokeh.models import BoxAnnotation, ColumnDataSource, LinearAxis, Range1d
from bokeh.plotting import figure
from django.utils.translation import gettext as _

from data_tools.plot_style import (
    HEIGHT,
    TALL_HEIGHT,
    Array,
    Palette,
    as_dates,
    as_floats,
    first_ticks,
    hover,
    make_figure,
    palette,
    style_axes,
    to_json,
    with_unit,
)
from data_tools.words import role_words

DISCHARGE = ("discharge", "streamflow", "runoff")
RAIN = ("precipitation", "rain")
MOST_COLUMNS = 3
# Kinds of findings that say where values are missing: rows that are absent, and rows without a value.
GAPS = ("gap", "missing_values")
SHORT_NAMES = {"discharge_m3s": "discharge", "discharge_mm": "discharge", "precipitation_mm": "precipitation"}

Units = Mapping[str, str | None]
Findings = Sequence[Mapping[str, Any]]


class Points(Protocol):
    """One column over time: milliseconds since 1970, and values with None where a line shall break."""

    @property
    def times_ms(self) -> Sequence[int]: ...
    @property
    def values(self) -> Sequence[float | None]: ...


def plotted_columns(numeric: Sequence[str]) -> list[str]:
    """Which of the numeric columns the plot shows, so that no others need be read."""
    discharge = _first(numeric, DISCHARGE)
    if discharge is None:
        return list(numeric[:MOST_COLUMNS])
    rain = _first(numeric, RAIN)
    return [discharge, rain] if rain else [discharge]


def series_plot(
    series: Mapping[str, Points], *, units: Units | None = None, findings: Findings = (), theme: str = "light"
) -> dict[str, Any]:
    """Bokeh's JSON for columns by name.

    Discharge is a line, rain hangs from the top, gaps are shaded and findings (the engine's, as dictionaries)
    marked. Without discharge the first columns stand one below the other on one time axis.
    """
    colours, units = palette(theme), units or {}
    names = plotted_columns([name for name in series if len(series[name].values)])
    if not names:
        return to_json(_empty(colours))
    if names[0].startswith(DISCHARGE):
        return to_json(_hydrograph(series, names, units, findings, colours))
    plots: list[figure] = []
    for name in names:
        shared = {"x_range": plots[0].x_range} if plots else {}
        plot = make_figure(
            colours,
            height=TALL_HEIGHT // len(names),
            y_label=_label(name, units),
            x_axis_type="datetime",
            **shared,
        )
        draw = _draw_rain if name.startswith(RAIN) else _draw_line
        draw(plot, series[name], name, units, colours)
        _mark_findings(plot, series, [name], findings, colours)
        plots.append(plot)
    return to_json(plots[0] if len(plots) == 1 else stack(plots, sizing_mode="stretch_width"))


def _hydrograph(
    series: Mapping[str, Points], names: list[str], units: Units, findings: Findings, colours: Palette
) -> figure:
    low, high = _extent(as_floats(series[names[0]].values))
    # The highest flood stays below the rain of most days.
    head_room = 1.35 if len(names) > 1 else 1.05
    plot = make_figure(
        colours,
        height=TALL_HEIGHT,
        y_label=_label(names[0], units),
        x_axis_type="datetime",
        y_range=Range1d(min(low, 0.0), max(high, 1e-9) * head_room),
    )
    for rain in names[1:]:
        most = max(_extent(as_floats(series[rain].values))[1], 1e-9)
        plot.extra_y_ranges = {"rain": Range1d(most * 3, 0.0)}
        axis = LinearAxis(y_range_name="rain", axis_label=_label(rain, units), ticker=first_ticks(most))
        plot.add_layout(axis, "right")
        style_axes(plot, colours)
        _draw_rain(plot, series[rain], rain, units, colours, y_range_name="rain")
    _draw_line(plot, series[names[0]], names[0], units, colours)
    _mark_findings(plot, series, names, findings, colours)
    return plot


def _draw_line(plot: figure, points: Points, name: str, units: Units, colours: Palette) -> None:
    source = ColumnDataSource({"date": as_dates(points.times_ms), "value": as_floats(points.values)})
    line = plot.line("date", "value", source=source, color=colours.river, name=name)
    plot.add_tools(
        hover([line], ("", "@date{%F}"), (_short(name), f"@value{{0.[000]}} {units.get(name) or ''}"))
    )


def _draw_rain(
    plot: figure, points: Points, name: str, units: Units, colours: Palette, **on_axis: str
) -> None:
    dates, values = as_dates(points.times_ms), as_floats(points.values)
    fell = np.isfinite(values) & (values != 0)
    source = ColumnDataSource({"date": dates[fell], "value": values[fell]})
    # Thin lines and not bars: a bar of a day in a record of decades is narrower than a pixel, and vanishes.
    stems = plot.segment(
        "date", 0, "date", "value", source=source, color=colours.ink_3, alpha=0.75, name=name, **on_axis
    )
    if not on_axis:
        plot.add_tools(
            hover([stems], ("", "@date{%F}"), (_short(name), f"@value{{0.[0]}} {units.get(name) or ''}"))
        )


def _mark_findings(
    plot: figure, series: Mapping[str, Points], names: list[str], findings: Findings, colours: Palette
) -> None:
    """Gaps of the first of `names` are shaded; other warnings and errors of any get a mark with their sentence."""
    dates, values = as_dates(series[names[0]].times_ms), as_floats(series[names[0]].values)
    floor = min(_extent(values)[0], 0.0)
    marks: list[tuple[Any, float, str, str]] = []
    for finding in findings:
        column = finding.get("column")
        if not finding.get("start") or column not in (None, *names):
            continue
        start, end = as_dates([finding["start"], finding.get("end") or finding["start"]])
        drawn_here = column in (None, names[0])
        if finding["kind"] in GAPS:
            if drawn_here:
                _shade(plot, start, end, colours.ink_3, 0.14)
            continue
        if finding["severity"] == "info":
            continue
        colour = colours.severity[finding["severity"]]
        days = _days_below_zero(finding, series, start, end)
        if not days.size and drawn_here and end > start:
            _shade(plot, start, end, colour, 0.08)
        for day in days if days.size else [start]:
            value = values[int(np.argmin(np.abs(dates - day)))] if column == names[0] else np.nan
            marks.append((day, value if np.isfinite(value) else floor, finding["message"], colour))
    if marks:
        _draw_marks(plot, marks)


def _shade(plot: figure, start: Any, end: Any, colour: str, alpha: float) -> None:
    plot.add_layout(
        BoxAnnotation(left=start, right=end, fill_color=colour, fill_alpha=alpha, line_color=None)
    )


def _draw_marks(plot: figure, marks: list[tuple[Any, float, str, str]]) -> None:
    days, values, messages, colours = zip(*marks, strict=True)
    source = ColumnDataSource(
        {"date": as_dates(days), "value": list(values), "message": list(messages), "colour": list(colours)}
    )
    dots = plot.scatter(
        "date", "value", source=source, marker="inverted_triangle", size=9, color="colour", name="findings"
    )
    plot.add_tools(hover([dots], ("", "@date{%F}"), ("", "@message"), mode="mouse"))


def _days_below_zero(
    finding: Mapping[str, Any], series: Mapping[str, Points], start: Any, end: Any
) -> npt.NDArray[np.datetime64]:
    """A finding of negative values gives its first and last day; the days between are read from the values."""
    name = str(finding.get("column"))
    if not str(finding["kind"]).startswith("negative") or name not in series:
        return np.array([], dtype="datetime64[ms]")
    dates, values = as_dates(series[name].times_ms), as_floats(series[name].values)
    with np.errstate(invalid="ignore"):
        return np.asarray(dates[(values < 0) & (dates >= start) & (dates <= end)])


def _extent(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _empty(colours: Palette) -> figure:
    plot = make_figure(
        colours, height=HEIGHT, x_axis_type="datetime", x_range=Range1d(0, 1), y_range=Range1d(0, 1)
    )
    plot.title = _("No column of numbers to draw")
    plot.title.text_color = colours.ink_2
    # Bokeh warns about a plot without renderers.
    plot.scatter([], [])
    return plot


def _label(name: str, units: Units) -> str:
    return with_unit(_short(name), units.get(name))


def _short(name: str) -> str:
    return role_words(SHORT_NAMES[name]) if name in SHORT_NAMES else name.replace("_", " ")


def _first(names: Sequence[str], beginnings: tuple[str, ...]) -> str | None:
    return next((name for name in names if name.startswith(beginnings)), None)

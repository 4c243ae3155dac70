"""The plot of a data source: its hydrograph, or its first columns where there is no discharge.

Functions take plain mappings of lists and give the dictionary that the page's plots.js hands to Bokeh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.layouts import column as stack
from bokeh.models import BoxAnnotation, ColumnDataSource, LinearAxis, Range1d
from bokeh.plotting import figure

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

DISCHARGE = ("discharge", "streamflow", "runoff")
RAIN = ("precipitation", "rain")
MOST_COLUMNS = 3
# The view of a plot names the columns that it wants; plots.js and the "show" links rely on nothing else.
READABLE = {"discharge_m3s": "discharge", "discharge_mm": "discharge", "precipitation_mm": "precipitation"}


def plotted_columns(numeric: Sequence[str]) -> list[str]:
    """Which of the numeric columns the plot shows, so that no others need be read."""
    discharge = _first(numeric, DISCHARGE)
    if discharge is None:
        return list(numeric[:MOST_COLUMNS])
    rain = _first(numeric, RAIN)
    return [discharge, rain] if rain else [discharge]


def series_plot(
    series: Mapping[str, Sequence[Any]],
    *,
    units: Mapping[str, str | None] | None = None,
    findings: Sequence[Mapping[str, Any]] = (),
    theme: str = "light",
) -> dict[str, Any]:
    """Bokeh's JSON for `series`: a mapping of `date` and of numeric columns to lists of one length (None: missing).

    Discharge is a line, rain hangs from the top, gaps are shaded and findings (the engine's, as dictionaries)
    marked. Without discharge the first columns stand one below the other on one time axis.
    """
    colours = palette(theme)
    names = plotted_columns([name for name in series if name != "date"])
    units = units or {}
    if not names or not len(series["date"]):
        return to_json(_empty(colours))
    if names[0].startswith(DISCHARGE):
        return to_json(_hydrograph(series, names, units, findings, colours))
    height = TALL_HEIGHT if len(names) == 1 else TALL_HEIGHT // len(names)
    plots: list[figure] = []
    for name in names:
        shared = {"x_range": plots[0].x_range} if plots else {}
        plot = make_figure(
            colours, height=height, y_label=_label(name, units), x_axis_type="datetime", **shared
        )
        if name.startswith(RAIN):
            _draw_rain(plot, series, name, units, colours)
        else:
            _draw_line(plot, series, name, units, findings, colours)
        _mark_findings(plot, series, [name], findings, colours)
        plots.append(plot)
    return to_json(plots[0] if len(plots) == 1 else stack(plots, sizing_mode="stretch_width"))


def _hydrograph(
    series: Mapping[str, Sequence[Any]],
    names: list[str],
    units: Mapping[str, str | None],
    findings: Sequence[Mapping[str, Any]],
    colours: Palette,
) -> figure:
    discharge = names[0]
    low, high = _extent(as_floats(series[discharge]))
    head_room = 1.35 if len(names) > 1 else 1.05
    plot = make_figure(
        colours,
        height=TALL_HEIGHT,
        y_label=_label(discharge, units),
        x_axis_type="datetime",
        y_range=Range1d(min(low, 0.0), max(high, 1e-9) * head_room),
    )
    if len(names) > 1:
        rain = names[1]
        _, most = _extent(as_floats(series[rain]))
        plot.extra_y_ranges = {"rain": Range1d(max(most, 1e-9) * 3, 0.0)}
        ticks = first_ticks(max(most, 1e-9))
        plot.add_layout(
            LinearAxis(y_range_name="rain", axis_label=_label(rain, units), ticker=ticks), "right"
        )
        style_axes(plot, colours)
        _draw_rain(plot, series, rain, units, colours, y_range_name="rain")
    _draw_line(plot, series, discharge, units, findings, colours)
    _mark_findings(plot, series, names, findings, colours)
    return plot


def _draw_line(
    plot: figure,
    series: Mapping[str, Sequence[Any]],
    name: str,
    units: Mapping[str, str | None],
    findings: Sequence[Mapping[str, Any]],
    colours: Palette,
) -> None:
    dates, values = _broken_at_gaps(as_dates(series["date"]), as_floats(series[name]), findings)
    line = plot.line(
        "date",
        "value",
        source=ColumnDataSource({"date": dates, "value": values}),
        color=colours.river,
        name=name,
    )
    plot.add_tools(
        hover([line], ("", "@date{%F}"), (_short(name), f"@value{{0.[000]}} {units.get(name) or ''}"))
    )


def _draw_rain(
    plot: figure,
    series: Mapping[str, Sequence[Any]],
    name: str,
    units: Mapping[str, str | None],
    colours: Palette,
    **on_axis: str,
) -> None:
    dates, values = as_dates(series["date"]), as_floats(series[name])
    fell = np.isfinite(values) & (values != 0)
    source = ColumnDataSource({"date": dates[fell], "value": values[fell]})
    # Thin lines and not bars of a day: a bar of a day in a record of decades is narrower than a pixel, and vanishes.
    stems = plot.segment(
        "date", 0, "date", "value", source=source, color=colours.ink_3, alpha=0.75, name=name, **on_axis
    )
    if "y_range_name" not in on_axis:
        plot.add_tools(
            hover([stems], ("", "@date{%F}"), (_short(name), f"@value{{0.[0]}} {units.get(name) or ''}"))
        )


def _mark_findings(
    plot: figure,
    series: Mapping[str, Sequence[Any]],
    names: list[str],
    findings: Sequence[Mapping[str, Any]],
    colours: Palette,
) -> None:
    """Gaps of the first of `names` are shaded; other warnings and errors of any get a mark with their sentence."""
    name = names[0]
    marks: dict[str, list[Any]] = {"date": [], "value": [], "message": [], "colour": []}
    dates, values = as_dates(series["date"]), as_floats(series[name])
    floor = min(_extent(values)[0], 0.0)
    for finding in findings:
        if not finding.get("start") or finding.get("column") not in (None, *names):
            continue
        start, end = as_dates([finding["start"], finding.get("end") or finding["start"]])
        if finding["kind"] == "gap" and finding.get("column") in (None, name):
            plot.add_layout(
                BoxAnnotation(
                    left=start, right=end, fill_color=colours.ink_3, fill_alpha=0.14, line_color=None
                )
            )
        elif finding["severity"] != "info":
            where = _marked(finding, series, start, end)
            shade = colours.severity[finding["severity"]]
            if end > start and finding.get("column") in (None, name) and not where.size:
                plot.add_layout(
                    BoxAnnotation(left=start, right=end, fill_color=shade, fill_alpha=0.08, line_color=None)
                )
            for moment in where if where.size else np.array([start]):
                at = int(np.argmin(np.abs(dates - moment)))
                level = values[at] if finding.get("column") == name and np.isfinite(values[at]) else floor
                for key, value in zip(marks, (moment, level, finding["message"], shade), strict=True):
                    marks[key].append(value)
    if marks["date"]:
        data = {**marks, "date": np.array(marks["date"], dtype="datetime64[ms]")}
        dots = plot.scatter(
            "date",
            "value",
            source=ColumnDataSource(data),
            marker="inverted_triangle",
            size=9,
            color="colour",
            name="findings",
        )
        plot.add_tools(hover([dots], ("", "@date{%F}"), ("", "@message"), mode="mouse"))


def _marked(finding: Mapping[str, Any], series: Mapping[str, Sequence[Any]], start: Any, end: Any) -> Any:
    """The days of a finding that its values tell: those below zero, for a finding of negative values."""
    name = str(finding.get("column"))
    if not str(finding["kind"]).startswith("negative") or name not in series:
        return np.array([], dtype="datetime64[ms]")
    dates, values = as_dates(series["date"]), as_floats(series[name])
    with np.errstate(invalid="ignore"):
        return dates[(values < 0) & (dates >= start) & (dates <= end)]


def _broken_at_gaps(dates: Any, values: Array, findings: Sequence[Mapping[str, Any]]) -> tuple[Any, Array]:
    """A missing value in each gap whose rows are absent, so that no line is drawn across it."""
    middles = []
    for finding in findings:
        if finding["kind"] == "gap" and finding.get("start"):
            start, end = as_dates([finding["start"], finding.get("end") or finding["start"]])
            middles.append(start + (end - start) // 2)
    middles_array = np.array(middles, dtype="datetime64[ms]")
    steps = np.diff(dates)
    if steps.size:
        usual = (
            np.median(steps[steps > np.timedelta64(0, "ms")])
            if (steps > np.timedelta64(0, "ms")).any()
            else None
        )
        wide = np.flatnonzero(steps > 10 * usual) if usual is not None else np.array([], dtype=int)
        middles_array = np.concatenate([middles_array, dates[wide] + steps[wide] // 2])
    places = np.searchsorted(dates, middles_array)
    return np.insert(dates, places, middles_array), np.insert(values, places, np.nan)


def _extent(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _empty(colours: Palette) -> figure:
    plot = make_figure(
        colours, height=HEIGHT, x_axis_type="datetime", x_range=Range1d(0, 1), y_range=Range1d(0, 1)
    )
    plot.title = "No column of numbers to draw"
    plot.title.text_color = colours.ink_2
    return plot


def _label(name: str, units: Mapping[str, str | None]) -> str:
    return with_unit(_short(name), units.get(name))


def _short(name: str) -> str:
    return READABLE.get(name, name.replace("_", " "))


def _first(names: Sequence[str], beginnings: tuple[str, ...]) -> str | None:
    return next((name for name in names if name.startswith(beginnings)), None)

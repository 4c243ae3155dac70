"""The plots of an experiment's result, and of several experiments over one another.

Functions take plain lists (`predictions.to_dict(as_series=False)`) and give the dictionary that the page's
plots.js hands to Bokeh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, Range1d, Span
from bokeh.plotting import figure
from django.utils.translation import gettext

from data_tools.plot_style import (
    DASHES,
    HEIGHT,
    TALL_HEIGHT,
    Array,
    Palette,
    as_dates,
    as_floats,
    hover,
    make_figure,
    palette,
    style_legend,
    ticks_1_2_5,
    to_json,
    with_unit,
)

Predictions = Mapping[str, Sequence[Any]]

# The axes and the tool bar take the difference: the frame inside is about as wide as it is high.
SQUARE_WIDTH = HEIGHT + 90


def experiment_plot(
    kind: str,
    *,
    predictions: Predictions,
    importance: Sequence[tuple[str, float]] = (),
    target: str = "",
    unit: str = "",
    theme: str = "light",
) -> dict[str, Any]:
    """Bokeh's JSON for one of words.PLOTS (KeyError for another). All but the hydrograph show the test period alone."""
    colours = palette(theme)
    label = with_unit(target, unit)
    drawn = {
        "hydrograph": lambda: _hydrograph(predictions, label, colours),
        "scatter": lambda: _scatter(predictions, unit, colours),
        "flow_duration": lambda: _flow_duration(predictions, label, colours),
        "residuals": lambda: _residuals(predictions, unit, colours),
        "importance": lambda: _importance(importance, colours),
    }[kind]()
    return to_json(drawn)


def comparison_plot(
    experiments: Sequence[tuple[str, Predictions]], *, target: str = "", unit: str = "", theme: str = "light"
) -> dict[str, Any]:
    """The test periods of (name, predictions) over one observed line."""
    colours = palette(theme)
    plot = make_figure(colours, height=TALL_HEIGHT, y_label=with_unit(target, unit), x_axis_type="datetime")
    observed: dict[Any, float] = {}
    lines = []
    for number, (name, predictions) in enumerate(experiments):
        test = _test(predictions)
        observed |= dict(zip(test["date"].tolist(), test["observed"].tolist(), strict=True))
        lines.append(
            plot.line(
                "date",
                "simulated",
                source=ColumnDataSource({"date": test["date"], "simulated": test["simulated"]}),
                color=colours.more[number % len(colours.more)],
                line_dash=DASHES[number % len(DASHES)],
                legend_label=name,
                name=name,
            )
        )
        plot.add_tools(
            hover(
                lines[-1:], ("", name), ("", "@date{%F}"), ("", f"@simulated{{0.[000]}} {unit}"), mode="mouse"
            )
        )
    days = sorted(observed)
    truth = ColumnDataSource({"date": as_dates(days), "observed": np.array([observed[day] for day in days])})
    plot.line(
        "date",
        "observed",
        source=truth,
        color=colours.river,
        legend_label=gettext("observed"),
        name="observed",
    )
    style_legend(plot, colours)
    return to_json(plot)


def _hydrograph(predictions: Predictions, label: str, colours: Palette) -> figure:
    data = _arrays(predictions)
    # A record may go on for years without the target: the window ends where there is something to compare.
    test = data["date"][(data["split"] == "test") & np.isfinite(data["observed"])]
    window = {"x_range": Range1d(test[0], test[-1])} if test.size else {}
    plot = make_figure(colours, y_label=label, x_axis_type="datetime", **window)
    source = ColumnDataSource({name: data[name] for name in ("date", "observed", "simulated", "baseline")})
    look = (
        ("baseline", gettext("persistence"), colours.ink_3, "dotted"),
        ("observed", gettext("observed"), colours.river, "solid"),
        ("simulated", gettext("simulated"), colours.sim, "solid"),
    )
    lines = [
        plot.line("date", field, source=source, color=colour, line_dash=dash, legend_label=name, name=field)
        for field, name, colour, dash in look
    ]
    lines[0].visible = False
    rows = [(name, f"@{field}{{0.[000]}}") for field, name, *_look in look[::-1]]
    plot.add_tools(hover(lines[1:2], ("", "@date{%F}"), *rows))
    if test.size and test.size < data["date"].size:
        # Left of it lies what the model has seen: a good fit there says little.
        plot.add_layout(
            Span(location=test[0], dimension="height", line_color=colours.ink_3, line_dash="dashed")
        )
    style_legend(plot, colours)
    return plot


def _scatter(predictions: Predictions, unit: str, colours: Palette) -> figure:
    test = _test(predictions)
    low, high = _common_extent(test["observed"], test["simulated"])
    plot = make_figure(
        colours,
        x_label=with_unit(gettext("observed"), unit),
        y_label=with_unit(gettext("simulated"), unit),
        x_range=Range1d(low, high),
        y_range=Range1d(low, high),
        max_width=SQUARE_WIDTH,
    )
    plot.line([low, high], [low, high], color=colours.ink_3, line_dash="dashed", name="1:1")
    dots = plot.scatter(
        "observed",
        "simulated",
        source=ColumnDataSource({name: test[name] for name in ("date", "observed", "simulated")}),
        color=colours.sim,
        alpha=0.55,
        size=5,
        line_color=None,
        name="days",
    )
    plot.add_tools(
        hover(
            [dots],
            ("", "@date{%F}"),
            (gettext("observed"), "@observed{0.[000]}"),
            (gettext("simulated"), "@simulated{0.[000]}"),
            mode="mouse",
        )
    )
    return plot


def _flow_duration(predictions: Predictions, label: str, colours: Palette) -> figure:
    test = _test(predictions)
    curves = {name: exceedance(test[name]) for name in ("observed", "simulated")}
    # A logarithm has no place for 0 or less: such days count in the share of time, and are not drawn.
    logarithmic = any((values > 0).any() for _, values in curves.values())
    plot = make_figure(
        colours,
        x_label=gettext("share of days on which it is exceeded, %"),
        y_label=label,
        y_axis_type="log" if logarithmic else "linear",
        x_range=Range1d(0, 100),
    )
    looks = (
        ("observed", gettext("observed"), colours.river),
        ("simulated", gettext("simulated"), colours.sim),
    )
    for name, word, colour in looks:
        share, values = curves[name]
        shown = values > 0 if logarithmic else np.ones(values.size, dtype=bool)
        source = ColumnDataSource({"share": share[shown], "value": values[shown]})
        line = plot.line("share", "value", source=source, color=colour, legend_label=word, name=name)
        plot.add_tools(
            hover([line], (word, "@value{0.[000]}"), (gettext("exceeded"), "@share{0.0} %"), mode="mouse")
        )
    if logarithmic:
        positive = np.concatenate([values[values > 0] for _, values in curves.values()])
        plot.yaxis.ticker = FixedTicker(ticks=ticks_1_2_5(float(positive.min()), float(positive.max())))
    style_legend(plot, colours)
    return plot


def _residuals(predictions: Predictions, unit: str, colours: Palette) -> figure:
    test = _test(predictions)
    plot = make_figure(
        colours, y_label=with_unit(gettext("simulated − observed"), unit), x_axis_type="datetime"
    )
    plot.add_layout(Span(location=0, dimension="width", line_color=colours.ink_3))
    source = ColumnDataSource({"date": test["date"], "residual": test["simulated"] - test["observed"]})
    line = plot.line("date", "residual", source=source, color=colours.sim, name="residuals")
    plot.add_tools(
        hover([line], ("", "@date{%F}"), (gettext("simulated − observed"), f"@residual{{+0.[000]}} {unit}"))
    )
    return plot


def _importance(importance: Sequence[tuple[str, float]], colours: Palette) -> figure:
    names = [name for name, _ in importance]
    values = np.array([value for _, value in importance], dtype=np.float64)
    most, least = (
        (max(float(values.max()), 1e-9), min(float(values.min()), 0.0)) if values.size else (1.0, 0.0)
    )
    plot = make_figure(
        colours,
        height=HEIGHT,
        x_label=gettext("NSE lost when the input is shuffled"),
        y_range=names[::-1] or [gettext("no inputs")],
        x_range=Range1d(least * 1.05, most * 1.05),
    )
    source = ColumnDataSource({"name": names, "value": values})
    bars = plot.hbar(
        y="name", right="value", left=0, height=0.6, source=source, color=colours.river, name="importance"
    )
    plot.ygrid.grid_line_color = None
    plot.add_tools(hover([bars], ("@name", "@value{0.000}"), mode="mouse"))
    return plot


def exceedance(values: Array) -> tuple[Array, Array]:
    """(percent of time exceeded, value), the highest first, by Weibull's plotting position i/(n+1)."""
    ordered = np.sort(values[np.isfinite(values)])[::-1]
    return 100.0 * np.arange(1, ordered.size + 1) / (ordered.size + 1), ordered


def _arrays(predictions: Predictions) -> dict[str, Any]:
    numbers = {name: as_floats(predictions[name]) for name in ("observed", "simulated", "baseline")}
    return {"date": as_dates(predictions["date"]), "split": np.asarray(predictions["split"]), **numbers}


def _test(predictions: Predictions) -> dict[str, Any]:
    data = _arrays(predictions)
    rows = data["split"] == "test"
    return {name: values[rows] for name, values in data.items()}


def _common_extent(a: Array, b: Array) -> tuple[float, float]:
    both = np.concatenate([a, b])
    finite = both[np.isfinite(both)]
    if not finite.size:
        return 0.0, 1.0
    margin = 0.03 * (float(np.ptp(finite)) or 1.0)
    return float(finite.min()) - margin, float(finite.max()) + margin

"""The plot of a data source: what is drawn, how a gap and a finding show, what happens without discharge."""

import base64
import gzip
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from data_tools.plot_style import PALETTES, first_ticks, palette, ticks_1_2_5
from data_tools.plots import plotted_columns, series_plot

ROOT = Path(__file__).resolve().parents[2]
DAYS = [date(2020, 1, 1) + timedelta(days=day) for day in range(60)]
TIMES = [int(np.datetime64(day).astype("datetime64[ms]").astype(int)) for day in DAYS]


@dataclass
class Column:
    times_ms: list
    values: list


def column(values):
    return Column(TIMES, list(values))


def every(node, name):
    """All Bokeh objects of a class in a document, wherever they stand."""
    if isinstance(node, dict):
        if node.get("name") == name and node.get("type") == "object":
            yield node.get("attributes", {})
        node = list(node.values())
    if isinstance(node, list | tuple):
        for child in node:
            yield from every(child, name)


def table(plot, name):
    """The columns behind the renderer called `name`."""
    for renderer in every(plot, "GlyphRenderer"):
        if renderer.get("name") == name:
            return {
                key: numbers(value) for key, value in renderer["data_source"]["attributes"]["data"]["entries"]
            }
    raise AssertionError(f"nothing called {name} is drawn")


def numbers(value):
    if isinstance(value, dict) and value["type"] == "ndarray":
        return np.frombuffer(gzip.decompress(base64.b64decode(value["array"]["data"])), dtype=value["dtype"])
    return value


SERIES = {
    "precipitation_mm": column([0.0, 5.0, -1.0, None] * 15),
    "temperature_max_c": column(np.linspace(-3, 9, 60)),
    "discharge_m3s": column([float(day) if day < 20 or day > 30 else None for day in range(60)]),
}
GAP = {"kind": "gap", "severity": "warning", "column": "discharge_m3s", "message": "discharge missing 11 days",
       "start": "2020-01-21", "end": "2020-01-31"}  # fmt: skip
MISSING = GAP | {"kind": "missing_values", "start": "2020-02-10", "end": "2020-02-12"}
ELSEWHERE = GAP | {"column": "temperature_max_c"}
NEGATIVE = {"kind": "negative_precipitation", "severity": "error", "column": "precipitation_mm",
            "message": "rain below 0", "start": "2020-01-03", "end": "2020-02-28"}  # fmt: skip
CONVERTED = {"kind": "converted", "severity": "info", "column": "discharge_m3s", "message": "converted",
             "start": "2020-01-01", "end": "2020-02-28"}  # fmt: skip


def test_a_hydrograph_has_a_line_that_breaks_and_rain_that_hangs_from_the_top():
    plot = series_plot(SERIES, units={"discharge_m3s": "m³/s"}, findings=[GAP, NEGATIVE, CONVERTED])

    json.dumps(plot, allow_nan=False)
    assert np.isnan(table(plot, "discharge_m3s")["value"]).sum() == 11
    assert (table(plot, "precipitation_mm")["value"] != 0).all()
    rain = next(node for node in every(plot, "Range1d") if node.get("end") == 0.0)
    assert rain["start"] == 15.0
    assert any(node.get("axis_label") == "discharge m³/s" for node in every(plot, "LinearAxis"))
    assert plot["doc"]["roots"][0]["attributes"]["sizing_mode"] == "stretch_width"
    assert plot["doc"]["roots"][0]["attributes"]["height"] == 472


def test_gaps_are_shaded_and_findings_marked_with_their_sentence():
    plot = series_plot(SERIES, findings=[GAP, MISSING, ELSEWHERE, NEGATIVE, CONVERTED], theme="dark")

    shades = [node for node in every(plot, "BoxAnnotation") if node.get("fill_alpha") == 0.14]
    assert [node["left"] for node in shades] == [
        np.datetime64(day, "ms").astype(int) for day in ("2020-01-21", "2020-02-10")
    ]
    marks = table(plot, "findings")
    assert len(marks["date"]) == 15, "each day of negative rain"
    assert set(marks["message"]) == {"rain below 0"}
    assert set(marks["colour"]) == {PALETTES["dark"].severity["error"]}


def test_without_discharge_the_first_columns_share_a_time_axis():
    others = {name: values for name, values in SERIES.items() if name != "discharge_m3s"}

    plot = series_plot(others, findings=[NEGATIVE])

    figures = list(every(plot, "Figure"))
    assert [figure["height"] for figure in figures] == [236, 236]
    ranges = {
        json.dumps(figure["x_range"]).split('"id": ')[1].split("}")[0].split(",")[0] for figure in figures
    }
    assert len(ranges) == 1
    assert len(table(plot, "temperature_max_c")["value"]) == 60


@pytest.mark.parametrize(
    "series",
    [
        {},
        {"discharge_m3s": Column([], [])},
        {"discharge_m3s": column([None] * 60)},
        {"discharge_m3s": column([0.0] * 60), "precipitation_mm": column([None] * 60)},
        {"water_level_m": column([1.5] * 60)},
    ],
)
def test_a_record_with_little_in_it_still_gives_a_plot(series):
    json.dumps(series_plot(series, findings=[GAP]), allow_nan=False)


def test_the_columns_to_read_are_the_columns_that_are_drawn():
    assert plotted_columns(["t", "precipitation_mm", "discharge_m3s", "x"]) == [
        "discharge_m3s",
        "precipitation_mm",
    ]
    assert plotted_columns(["a", "b", "c", "d"]) == ["a", "b", "c"]


def test_the_colours_are_those_of_the_stylesheet():
    css = (ROOT / "static" / "css" / "tokens.css").read_text()
    bodies = {"light": re.search(r":root \{(.*?)\n\}", css, re.S)[1],
              "dark": re.search(r':root\[data-theme="dark"\] \{(.*?)\n\}', css, re.S)[1]}  # fmt: skip
    for theme, body in bodies.items():
        token = dict(re.findall(r"--([\w-]+): (#\w+)", body))
        used = PALETTES[theme]
        for name in ("ink", "ink-2", "ink-3", "line", "raised", "river", "sim"):
            assert getattr(used, name.replace("-", "_")) == token[name], (theme, name)
        assert used.severity == {"error": token["p0"], "warning": token["p1"], "info": token["p3"]}
    assert palette("<script>") == PALETTES["light"]


@pytest.mark.parametrize(("low", "high"), [(0.03, 55.0), (1.0, 1.0), (2e-9, 4e-9), (3.0, 7e5)])
def test_ticks_are_round_and_span_the_axis(low, high):
    ticks = ticks_1_2_5(low, high)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 0 < first_ticks(high)[-1] <= high

"""The plots of an experiment: their figures, and that a strict browser really draws them, every one."""

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import bokeh
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from data_tools.plot_style import PALETTES
from data_tools.plots import series_plot
from experiments import words
from experiments.plots import comparison_plot, exceedance, experiment_plot
from tests.data_tools.test_plots import GAP, NEGATIVE, SERIES, every, table
from tests.kept_page import KeptPage

ROOT = Path(__file__).resolve().parents[2]
BOKEH = Path(bokeh.__file__).parent / "server" / "static" / "js"
# The policy of the application's pages with a plot.
POLICY = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"

random = np.random.default_rng(1)
FLOW = random.gamma(2, 3, 400)
PREDICTIONS = {
    "date": [date(2020, 1, 1) + timedelta(days=day) for day in range(400)],
    "observed": [None if day % 50 == 7 else float(flow) for day, flow in enumerate(FLOW)],
    "simulated": [float(flow) for flow in FLOW * random.uniform(0.7, 1.2, 400)],
    "baseline": [None, *map(float, FLOW[:-1])],
    "split": ["train"] * 300 + ["test"] * 100,
}
IMPORTANCE = [("discharge_m3s (history)", 0.9), ("precipitation_mm", 0.2), ("season", -0.01)]


def plot_of(kind, theme="light", predictions=PREDICTIONS):
    return experiment_plot(
        kind, predictions=predictions, importance=IMPORTANCE, target="discharge", unit="m³/s", theme=theme
    )


@pytest.mark.parametrize("kind", words.PLOTS)
def test_each_plot_is_json_without_code_to_evaluate(kind):
    text = json.dumps(plot_of(kind), allow_nan=False)

    assert "CustomJS" not in text
    assert PALETTES["light"].sim in text or kind == "importance"


def test_the_plots_show_the_test_period():
    assert len(table(plot_of("scatter"), "days")["observed"]) == 100
    residuals = table(plot_of("residuals"), "residuals")["residual"]
    assert residuals[0] == pytest.approx(PREDICTIONS["simulated"][300] - PREDICTIONS["observed"][300])
    hydrograph = plot_of("hydrograph")
    assert len(table(hydrograph, "baseline")["observed"]) == 400, "the training period is left of the window"
    window = next(every(hydrograph, "Range1d"))
    assert window["start"] == np.datetime64("2020-10-27", "ms").astype(int), window


def test_flow_duration_is_the_share_of_days_on_which_a_flow_is_exceeded():
    share, values = exceedance(np.array([3.0, np.nan, 1.0, 2.0, 4.0]))

    assert values.tolist() == [4, 3, 2, 1]
    assert share.tolist() == [20, 40, 60, 80]
    assert list(every(plot_of("flow_duration"), "LogScale"))


def test_a_dry_river_has_a_flow_duration_curve_without_its_zeros():
    dry = PREDICTIONS | {"observed": [0.0 if day % 2 else 3.0 for day in range(400)]}
    nothing = dry | {"observed": [0.0] * 400, "simulated": [0.0] * 400}

    curve = table(plot_of("flow_duration", predictions=dry), "observed")
    assert len(curve["value"]) == 50
    assert curve["share"].max() < 50, "the dry days still count in the share"
    assert not list(every(plot_of("flow_duration", predictions=nothing), "LogScale"))


def test_bars_of_importance_begin_at_zero_with_the_largest_on_top():
    plot = plot_of("importance")

    bars = next(every(plot, "HBar"))
    assert "left" not in bars, "Bokeh's default, 0, is not written"
    factors = next(every(plot, "FactorRange"))["factors"]
    assert factors[-1] == "discharge_m3s (history)"


def test_a_comparison_has_one_observed_line_over_all_days():
    later = {name: values[50:] for name, values in PREDICTIONS.items()}

    plot = comparison_plot([("forest", PREDICTIONS), ("ridge", later)], target="discharge", unit="m³/s")

    assert len(table(plot, "observed")["observed"]) == 100
    assert len(table(plot, "ridge")["simulated"]) == 100
    json.dumps(comparison_plot([]), allow_nan=False)


PLOTS = {
    "series": lambda theme: series_plot(SERIES, findings=[GAP, NEGATIVE], theme=theme),
    "columns": lambda theme: series_plot(
        {name: SERIES[name] for name in ("precipitation_mm", "temperature_max_c")}, theme=theme
    ),
    "comparison": lambda theme: comparison_plot([("a", PREDICTIONS), ("b", PREDICTIONS)], theme=theme),
    "empty": lambda theme: series_plot({}, theme=theme),
    **{kind: lambda theme, kind=kind: plot_of(kind, theme) for kind in words.PLOTS},
}


class Site(BaseHTTPRequestHandler):
    """One page with every plot, under the application's policy."""

    def do_GET(self):
        address = urlsplit(self.path)
        folder, _, name = address.path.strip("/").partition("/")
        if folder == "bokeh":
            self.answer((BOKEH / name).read_bytes(), "text/javascript")
        elif folder == "static":
            kind = "text/css" if name.endswith(".css") else "text/javascript"
            self.answer((ROOT / "static" / name).read_bytes(), kind)
        elif folder == "plot" and name in PLOTS:
            theme = parse_qs(address.query)["theme"][0]
            self.answer(json.dumps(PLOTS[name](theme)).encode(), "application/json")
        elif folder == "page":
            self.answer(page_of(name.split(",")).encode(), "text/html; charset=utf-8")
        else:
            self.send_error(404)

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Silent: the test's output is the test's."""


def page_of(names):
    plots = "".join(
        f'<div class="plot" id="{name}" data-plot-url="/plot/{name}"><table><tr><td>figures of {name}</table></div>'
        for name in names
    )
    return f"""<!doctype html><html lang="en" data-theme="light"><title>plots</title><link rel="icon" href="data:,">
      <link rel="stylesheet" href="/static/css/tokens.css"><link rel="stylesheet" href="/static/css/base.css">
      <script src="/bokeh/bokeh.min.js" defer></script><script src="/static/js/plots.js" defer></script>
      <a href="#elsewhere" data-plot-start="2020-01-21" data-plot-end="2020-01-31">show</a>{plots}"""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def complaints(page: Page, kept_page: KeptPage) -> list[str]:
    return kept_page.said


@pytest.fixture
def page(kept_page: KeptPage) -> Iterator[Page]:
    yield kept_page.take(width=1000)
    kept_page.give_back()


def pixels(page, name):
    """How many pixels of a plot's canvases are painted."""
    return page.locator(f"#{name}").evaluate(
        """(plot) => {
          const canvases = [];
          const look = (node) => {
            if (node instanceof HTMLCanvasElement) canvases.push(node);
            if (node.shadowRoot) look(node.shadowRoot);
            node.childNodes.forEach(look);
          };
          look(plot);
          return canvases.reduce((sum, canvas) => {
            const data = canvas.width && canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            let painted = 0;
            for (let at = 3; at < (data ? data.length : 0); at += 4) painted += data[at] > 0;
            return sum + painted;
          }, 0);
        }"""
    )


def is_painted(page, name):
    """Once the browser has come to paint what is drawn."""
    for _ in range(600):
        if pixels(page, name) > 500:
            return True
        page.wait_for_timeout(100)
    return False


def x_range(page, name):
    return page.evaluate(
        """(name) => {
          const views = Object.values(Bokeh.index.roots ?? Bokeh.index);
          const view = [...views].find((view) => document.getElementById(name).contains(view.el));
          return [view.model.x_range.start, view.model.x_range.end];
        }""",
        name,
    )


@pytest.mark.browser
def test_a_strict_browser_draws_every_plot_in_both_themes(site, page, complaints):
    page.goto(f"{site}/page/{','.join(PLOTS)}")
    for theme in ("light", "dark"):
        page.evaluate(
            "(theme) => { document.documentElement.dataset.theme = theme;"
            " document.dispatchEvent(new CustomEvent('hydroml:theme')); }",
            theme,
        )
        expect(page.locator(f"[data-plot-drawn={theme}]")).to_have_count(len(PLOTS))
        for name in PLOTS:
            assert is_painted(page, name), (theme, name)

    assert complaints == []
    expect(page.get_by_text("figures of scatter")).to_be_hidden()
    page.locator("#scatter summary").click()
    expect(page.get_by_text("figures of scatter")).to_be_visible()


@pytest.mark.browser
def test_a_link_to_a_finding_turns_the_plot_to_its_days_and_a_new_theme_keeps_them(site, page, complaints):
    page.goto(f"{site}/page/series")
    expect(page.locator("[data-plot-drawn=light]")).to_have_count(1)
    height = page.locator("#series").bounding_box()["height"]
    page.get_by_role("link", name="show").click()

    first, last = (np.datetime64(day, "ms").astype(int) for day in ("2020-01-06", "2020-02-15"))
    assert x_range(page, "series") == [first, last]
    page.evaluate("document.documentElement.dataset.theme = 'dark';"
                  "document.dispatchEvent(new CustomEvent('hydroml:theme'))")  # fmt: skip
    expect(page.locator("[data-plot-drawn=dark]")).to_have_count(1)
    assert x_range(page, "series") == [first, last]
    assert page.locator("#series").bounding_box()["height"] == height
    assert complaints == []


@pytest.mark.browser
def test_where_no_plot_can_be_drawn_the_table_stays_and_a_sentence_says_why(site, page):
    page.goto(f"{site}/page/nowhere")

    expect(page.locator("#nowhere [role=status]")).to_have_text(
        "The plot could not be drawn: the server answered 404. Its figures stand below."
    )
    expect(page.get_by_text("figures of nowhere")).to_be_visible()

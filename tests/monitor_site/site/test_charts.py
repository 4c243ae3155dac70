"""Charts: what is drawn is what was given."""

import itertools
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.template import Context, Template
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.site.chart_axes import nice_ceiling
from monitor.site.chart_parts import HEADROOM
from monitor.site.charts import bar_chart, line_chart, spark_path

START = datetime(2026, 11, 22, tzinfo=UTC)
HOURS = [START + timedelta(hours=number) for number in range(4)]


def _drawn(source: str, **values: object) -> ElementTree.Element:
    html = Template("{% load charts %}" + source).render(Context(values))
    return ElementTree.fromstring(f"<page>{html}</page>")


def test_bars_stand_on_zero_and_are_as_high_as_their_values() -> None:
    chart = bar_chart([5, 10, None, 0], height=100)
    heights = [float(bar.height) for bar in chart.bars]
    assert heights == [50.0, 100.0]
    assert all(float(bar.y) + float(bar.height) == chart.foot for bar in chart.bars)


def test_stacked_bars_add_up() -> None:
    chart = bar_chart({"taken": [3.0], "refused": [1.0]}, height=100)
    taken, refused = chart.bars
    assert float(taken.height) == pytest.approx(3 * float(refused.height), abs=0.2)
    assert float(refused.y) + float(refused.height) == pytest.approx(float(taken.y), abs=0.11)
    assert taken.colour != refused.colour


def test_what_happened_once_among_thousands_is_seen() -> None:
    chart = bar_chart([1, 100_000])
    assert float(chart.bars[0].height) == 1.0


def test_a_gap_parts_a_line() -> None:
    chart = line_chart([1.0, 2.0, None, 4.0])
    first, second = (points.split() for _, points in chart.lines)
    assert len(first) == 2
    # A value alone is a dot: the same point twice.
    assert len(second) == 2
    assert second[0] == second[1]


def test_a_threshold_is_a_line_with_its_value() -> None:
    chart = bar_chart([1, 2], unit="events", threshold=4, threshold_label="alert at", height=100)
    assert chart.threshold is not None
    assert chart.threshold.text == "alert at 4 events"
    assert float(chart.threshold.y) == HEADROOM


def test_names_at_the_ends_of_lines_do_not_lie_on_one_another() -> None:
    chart = line_chart({"p50": [1.0], "p75": [1.01], "p95": [1.02]})
    lines = sorted(float(mark.y) for mark in chart.ends)
    assert all(after - before >= 14 for before, after in itertools.pairwise(lines))


def test_each_place_can_be_pointed_at_and_says_its_values() -> None:
    page = _drawn(
        "{% bars values labels=hours unit='events' caption='Events by hour' %}",
        values=[1, 2, None, 3],
        hours=HOURS,
    )
    titles = [title.text for title in page.iter("title")]
    assert titles == [
        "22 Nov 00:00: 1 event",
        "22 Nov 01:00: 2 events",
        "22 Nov 02:00: –",
        "22 Nov 03:00: 3 events",
    ]


def test_the_figures_stand_in_a_table_behind_the_chart() -> None:
    page = _drawn(
        "{% lines series labels=hours unit='ms' %}",
        series={"p50": [1, 2, 3, 4], "p95": [5, 6, 7, 8]},
        hours=HOURS,
    )
    rows = [[cell.text for cell in row] for row in page.find(".//tbody") or []]
    assert rows[0] == ["22 Nov 00:00", "1 ms", "5 ms"]
    assert len(rows) == 4


def test_labels_are_in_the_readers_zone() -> None:
    with timezone.override("Asia/Tokyo"):
        chart = bar_chart([1, 2, 3, 4], labels=HOURS)
    assert next(row.label for row in chart.rows) == "22 Nov 09:00"


def test_there_is_no_style_in_what_is_drawn() -> None:
    page = _drawn(
        "{% bars v threshold=2 %}{% lines w %}{% spark v label='x' %}{% share_bar 0.4 %}",
        v=[1, 2],
        w={"a": [1, None], "b": [2, 3]},
    )
    assert not [element for element in page.iter() if "style" in element.attrib or element.tag == "style"]


def test_nothing_known_is_said_in_words() -> None:
    page = _drawn("{% bars v caption='Events' %}", v=[None, None])
    assert page.find(".//svg") is None
    assert "No figures" in "".join(page.itertext())


def test_there_is_no_half_event_at_the_axis() -> None:
    assert [mark.text for mark in bar_chart([1], unit="events").grid] == ["1 event"]
    assert [mark.text for mark in bar_chart([4], unit="events").grid] == ["4 events", "2 events"]


def test_what_is_written_in_names_is_escaped() -> None:
    html = Template("{% load charts %}{% lines series caption=name %}{% spark v label=name %}").render(
        Context({"series": {"<b>": [1], "x": [2]}, "name": "<script>", "v": [1]})
    )
    assert "<b>" not in html
    assert "<script>" not in html


@given(st.floats(min_value=1e-9, max_value=1e15))
def test_the_top_of_the_axis_is_above_all_and_not_far(value: float) -> None:
    top = nice_ceiling(value)
    assert value * 0.999 <= top <= value * 2.001


@example([5e-324], 100)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1e9)), max_size=60), st.integers(40, 200))
def test_whatever_is_drawn_stays_within_the_plot(values: list[float | None], height: int) -> None:
    for chart in (bar_chart(values, height=height), line_chart(values, height=height)):
        for bar in chart.bars:
            assert HEADROOM - 1.1 <= float(bar.y) <= chart.foot
        for _, points in chart.lines:
            for point in points.split():
                x, y = map(float, point.split(","))
                assert 0 <= x <= 100
                assert HEADROOM - 0.1 <= y <= chart.foot + 0.1
    assert spark_path(values).count("M") == sum(1 for value in values if value)

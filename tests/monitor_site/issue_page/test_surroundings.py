"""Breadcrumbs, contexts, values, remarks: what stands around the failure."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.events import normalise
from monitor.events.model import Event
from monitor.issues.detail import surroundings
from monitor.issues.detail.breadcrumbs import relative, timeline_of
from monitor.issues.detail.values import LINE, without_controls, written
from tests.monitor.events.recording import sdk_events
from tests.monitor_site.issue_page import samples


def event_of(raw: dict[str, Any]) -> Event:
    return normalise(copy.deepcopy(raw), received=1000.0)


def test_the_timeline_says_how_long_before_the_error() -> None:
    event = event_of(samples.minified_browser())
    event.timestamp = 1000.0
    timeline = timeline_of(event)
    assert [(one.when, one.kind, one.message) for one in timeline.crumbs] == [
        ("−10.0 s", "navigation", "/projects/ → /projects/3/"),
        ("−1.5 s", "http", "GET /plots/3.json → 502"),
        ("−200 ms", "user", "button.redraw"),
    ]
    assert timeline.kinds == [("http", "HTTP calls", 1), ("user", "user", 1), ("navigation", "navigation", 1)]
    assert timeline.crumbs[1].data == {}


def test_a_log_records_breadcrumb_is_known_by_its_logger_and_level() -> None:
    crumbs = [
        {"category": "river.views", "level": "info", "message": "Gauge 17 is asked for", "type": "log"},
        {"category": "river.views", "level": "warn", "message": "slow"},
        {"category": "query", "message": "SELECT 1"},
        {"category": "retry", "message": "attempt 1 failed"},
        {"message": "without anything"},
        {"level": "nonsense", "category": "auth"},
    ]
    found = timeline_of(event_of({"message": "x", "breadcrumbs": crumbs})).crumbs
    assert [one.kind for one in found] == ["log", "log", "query", "task", "other", "other"]
    assert [one.level for one in found] == ["info", "warning", "info", "info", "info", "info"]
    assert found[0].when == ""


def test_distances_are_written_in_the_unit_that_reads_best() -> None:
    assert [relative(one) for one in (0, 0.08, -0.25, 3.21, 200, 7300, 300_000)] == [
        "0 ms",
        "−80 ms",
        "+250 ms",
        "−3.2 s",
        "−3 min 20 s",
        "−2 h 1 min",
        "−3 d",
    ]


def test_the_task_comes_first_wherever_the_sdk_put_it() -> None:
    found = surroundings.contexts_of(event_of(sdk_events()["task"]))
    assert [section.title for section in found] == ["Celery job", "Runtime"]
    assert found[0].rows[0] == ("task_name", "river.tasks.read")
    assert "celery-job" not in dict(surroundings.extra_of(event_of(sdk_events()["task"])))


def test_what_was_held_back_is_said_in_words() -> None:
    event = event_of({"message": "x", "tags": {"suppressed": "40"}})
    assert surroundings.suppressed_words(event).startswith(
        "This event stands for 41 occurrences: the sender held back 40"
    )
    assert surroundings.suppressed_words(event_of({"message": "x"})) == ""


def test_what_was_mended_and_what_the_sender_complained_of_are_remarks() -> None:
    raw = {
        "message": "x",
        "level": 12.5,
        "errors": [{"type": "js_no_source", "url": "https://x/app.js"}, "odd"],
    }
    found = surroundings.remarks_of(event_of(raw))
    assert found[0].where == "level"
    assert "Not usable" in found[0].what
    assert (found[1].what, found[1].value) == (
        "Said by the sender: js_no_source",
        "{'url': 'https://x/app.js'}",
    )


def test_values_stand_on_one_line_where_that_fits() -> None:
    assert written({"a": [1, None, True], "b": "x"}) == '{"a": [1, null, true], "b": "x"}'
    assert written({"station": "'17'"}, quoted=False) == "{station: '17'}"
    long = written({"rows": ["x" * 60, "y" * 60], "n": 1})
    assert long.split("\n") == [
        "{",
        '  "rows": [',
        f'    "{"x" * 60}",',
        f'    "{"y" * 60}"',
        "  ],",
        '  "n": 1',
        "}",
    ]


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


@given(any_json)
def test_quoted_values_are_json_with_no_line_longer_than_it_must(value: Any) -> None:
    text = written(value)
    assert json.loads(text) == value
    for line in text.split("\n"):
        stripped = line.strip()
        assert len(stripped) <= LINE + 1 or not stripped.startswith(("{", "[")) or len(stripped) == 1


def test_what_reorders_a_line_is_made_visible() -> None:
    assert (
        without_controls("access\u202e\u2066 = 1\x1b[31m\tok\n") == "access\ufffd\ufffd = 1\ufffd[31m\tok\n"
    )

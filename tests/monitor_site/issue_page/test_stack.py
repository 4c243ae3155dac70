"""Stack traces and chains as they are read."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from monitor.events import normalise
from monitor.events.model import Event
from monitor.issues.detail.chain import shown_exceptions, shown_threads
from monitor.issues.detail.libraries import folded_words, library_of
from monitor.issues.detail.linking import links_of
from monitor.issues.detail.raw_traceback import raw_traceback
from monitor.issues.detail.stack import Fold, ShownFrame, ShownTrace, source_of
from tests.monitor.events.recording import sdk_events
from tests.monitor_site.issue_page import samples


def event_of(raw: dict[str, Any]) -> Event:
    return normalise(copy.deepcopy(raw), received=1000.0)


def told(trace: ShownTrace | None) -> list[str]:
    """One word for each piece: the function, in brackets if closed; the words of a fold."""
    assert trace is not None
    return [
        piece.words if isinstance(piece, Fold) else piece.function if piece.is_open else f"({piece.function})"
        for piece in trace.pieces
    ]


def test_the_applications_frames_are_open_and_those_of_libraries_one_line() -> None:
    newest, cause = shown_exceptions(event_of(sdk_events()["view"]))
    assert newest.type == "GaugeError"
    assert told(newest.trace) == ["load", "show", "2 frames of Django"]
    assert told(cause.trace) == ["read", "load"]


def test_the_reader_turns_the_order_to_pythons() -> None:
    cause, newest = shown_exceptions(event_of(sdk_events()["view"]), order="oldest")
    assert [cause.type, newest.type] == ["KeyError", "GaugeError"]
    assert told(newest.trace) == ["2 frames of Django", "show", "load"]
    assert newest.relation == "The above was the direct cause of this"
    assert cause.relation == ""


def test_how_two_exceptions_hang_together_is_read_from_the_line_that_raised() -> None:
    raw = sdk_events()["view"]
    assert shown_exceptions(event_of(raw))[1].relation == "The direct cause of it"
    failing = raw["exception"]["values"][1]["stacktrace"]["frames"][-1]
    failing["context_line"] = '        raise GaugeError(f"{station} is far from here")'
    assert shown_exceptions(event_of(raw))[1].relation == "What was being handled when it was raised"
    del failing["context_line"]
    assert shown_exceptions(event_of(raw))[1].relation == "What came before it"


def test_all_frames_open_at_the_readers_word() -> None:
    [newest, _] = shown_exceptions(event_of(sdk_events()["view"]), all_open=True)
    assert newest.trace is not None
    assert all(isinstance(piece, ShownFrame) and piece.is_open for piece in newest.trace.pieces)
    assert len(newest.trace.pieces) == newest.trace.frames == 4


def test_recursion_is_told_once() -> None:
    [shown] = shown_exceptions(event_of(sdk_events()["recursion_60"]))
    words = told(shown.trace)
    assert [word for word in words if "rounds" in word] == ["56 more rounds of the same calls"]
    assert len(words) < 12
    assert shown.trace is not None
    assert shown.trace.frames > 60


def test_two_functions_that_call_each_other_are_a_cycle() -> None:
    frames = [
        {"filename": "a.py", "function": name, "lineno": 1, "in_app": True}
        for _ in range(9)
        for name in ("ping", "pong")
    ]
    [shown] = shown_exceptions(
        event_of({"exception": [{"type": "RecursionError", "stacktrace": {"frames": frames}}]})
    )
    assert "5 more rounds of the same calls" in told(shown.trace)


def test_at_most_eight_of_many_frames_stand_open() -> None:
    [shown] = shown_exceptions(event_of(samples.many_frames(200)))
    assert shown.trace is not None
    opened = [piece for piece in shown.trace.pieces if isinstance(piece, ShownFrame) and piece.is_open]
    assert len(opened) == 8
    assert opened[0].function == "step_199"


def test_the_middle_of_a_long_trace_is_one_line() -> None:
    [shown] = shown_exceptions(event_of(samples.many_frames(300)), order="oldest")
    words = told(shown.trace)
    assert len(words) == 30
    assert words[3:5] == [
        "50 frames were too many to keep",
        "222 frames in between, 148 of them of the application",
    ]
    assert words[-1] == "step_299"
    assert shown.trace is not None
    shown_frames = sum(len(piece.frames) if isinstance(piece, Fold) else 1 for piece in shown.trace.pieces)
    assert shown_frames == 250


def test_frames_that_were_too_many_to_keep_are_a_gap_in_their_place() -> None:
    [shown] = shown_exceptions(event_of(samples.many_frames(300)), order="oldest", all_open=True)
    assert shown.trace is not None
    assert shown.trace.frames == 300
    places = [
        n for n, piece in enumerate(shown.trace.pieces) if isinstance(piece, Fold) and piece.kind == "gap"
    ]
    assert len(places) == 1
    gap = shown.trace.pieces[places[0]]
    assert isinstance(gap, Fold)
    assert gap.words == "50 frames were too many to keep"
    after = shown.trace.pieces[places[0] + 1]
    assert isinstance(after, ShownFrame)
    assert after.function == "step_100"


def test_a_trace_without_frames_of_the_application_opens_the_place_where_it_failed() -> None:
    raw = samples.node()
    for frame in raw["exception"]["values"][0]["stacktrace"]["frames"]:
        frame["in_app"] = False
    [shown] = shown_exceptions(event_of(raw))
    assert told(shown.trace) == ["readings", "3 frames of Node.js, express and @sentry/node"]


def test_members_of_a_group_are_numbered_below_it() -> None:
    group, *members = shown_exceptions(event_of(sdk_events()["group"]))
    assert group.type == "ExceptionGroup"
    assert [one.member for one in members] == ["Member 1 of 3", "Member 2 of 3", "Member 3 of 3"]
    assert [one.depth for one in members] == [1, 1, 1]
    assert [one.value for one in members] == ["gauge 0", "gauge 1", "gauge 2"]


def test_ids_that_point_in_circles_harm_nobody() -> None:
    values = [
        {"type": "E", "mechanism": {"type": "x", "exception_id": n, "parent_id": (n + 1) % 3}}
        for n in range(3)
    ]
    links = links_of(event_of({"exception": values}).exceptions)
    assert [one.parent for one in links] == [1, 2, None]


def test_java_names_the_class_with_the_method() -> None:
    newest, cause = shown_exceptions(event_of(samples.java()))
    assert told(newest.trace) == [
        "org.hydroml.gauges.GaugeController.show",
        "2 frames of Spring and Java",
    ]
    assert told(cause.trace) == ["com.zaxxer.hikari.pool.HikariPool.getConnection"]
    assert raw_traceback(event_of(samples.java())).split("\n")[:2] == [
        "org.hydroml.gauges.GaugeUnavailableException: gauge 17",
        "\tat org.hydroml.gauges.GaugeController.show(GaugeController.java:42)",
    ]


def test_a_minified_script_is_said_to_be_one() -> None:
    [shown] = shown_exceptions(event_of(samples.minified_browser()))
    assert shown.trace is not None
    assert shown.trace.is_minified
    first = shown.trace.pieces[0]
    assert isinstance(first, ShownFrame)
    assert first.line == "2:1093"
    assert shown.caught == "not handled; told by the page’s last resort (window.onerror)"


def test_the_thread_that_failed_comes_first() -> None:
    threads = shown_threads(event_of(samples.java()))
    assert [(one.name, one.state) for one in threads] == [("http-nio-8080-exec-4", "failed"), ("main", "")]


def test_source_lines_are_numbered_from_the_failing_one() -> None:
    lines = source_of({"lineno": 28, "pre_context": ["a", "b"], "context_line": "c", "post_context": ["d"]})
    assert [(one.number, one.text, one.is_failing) for one in lines] == [
        (26, "a", False),
        (27, "b", False),
        (28, "c", True),
        (29, "d", False),
    ]


@pytest.mark.parametrize(
    ("path", "platform", "library"),
    [
        ("/venv/lib/python3.11/site-packages/django/core/handlers/base.py", "python", "Django"),
        ("/usr/lib/python3.11/threading.py", "python", "Python"),
        ("C:\\app\\node_modules\\@sentry\\node\\index.js", "node", "@sentry/node"),
        ("/srv/vendor/symfony/http-kernel/Kernel.php", "php", "symfony/http-kernel"),
        ("/usr/local/bundle/gems/rack-3.0.8/lib/rack.rb", "ruby", "rack"),
        ("/go/pkg/mod/github.com/gin-gonic/gin@v1.9/context.go", "go", "github.com/gin-gonic/gin"),
        ("", "cocoa", "libraries"),
    ],
)
def test_a_librarys_name_is_read_from_the_path(path: str, platform: str, library: str) -> None:
    assert library_of({"abs_path": path}, platform) == library


def test_many_libraries_are_not_all_named() -> None:
    frames = [{"module": name} for name in ("django", "django", "celery", "kombu", "amqp", "vine")]
    assert folded_words(frames, "python") == "6 frames of Django, Celery and 3 others"  # type: ignore[arg-type]

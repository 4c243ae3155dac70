"""Whatever is sent becomes an event."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.events import Event, EventScrubber, normalise
from monitor.events.normalise import filled_in
from monitor.events.values import Remarks, bounded, is_small, is_storable
from monitor.grouping import explain, group
from tests.monitor.events.json_strategies import any_json, events
from tests.monitor.events.recording import sdk_events

NOW = 1_795_000_000.0
SCRUBBER = EventScrubber()


def made(**raw: Any) -> Event:
    return normalise(raw, received=NOW)


def reasons(event: Event) -> dict[str, str]:
    return {remark["name"]: remark["type"] for remark in event.remarks}


@settings(max_examples=150, deadline=None)
@given(raw=events)
def test_an_event_with_anything_anywhere_can_be_normalised_scrubbed_grouped_explained_and_stored(
    raw: Any,
) -> None:
    event = normalise(raw, received=NOW)
    SCRUBBER.scrub(event)
    assert explain(event).grouping == group(event)
    assert Event.from_json(event.to_json()).to_json() == event.to_json()
    assert NOW - 31 * 86400 < event.timestamp <= NOW + 60
    assert event.title


@settings(max_examples=60, deadline=None)
@given(value=any_json)
def test_any_json_object_is_an_event(value: Any) -> None:
    event = normalise({"whatever": value, "exception": value, "tags": value}, received=NOW)
    SCRUBBER.scrub(event)
    group(event)
    json.loads(event.to_json())


@pytest.mark.parametrize(
    ("sent", "seconds", "remark"),
    [
        (NOW - 60, NOW - 60, None),
        (NOW * 1000, NOW, None),
        (str(NOW - 5), NOW - 5, None),
        ("2026-11-18T11:06:40Z", 1795000000.0, None),
        ("2026-11-18T11:06:40.123456789+00:00", 1795000000.123456, None),
        ("2026-11-18T12:06:40.1234567+01:00", 1795000000.123456, None),
        ("2026-11-18 11:06:40", 1795000000.0, None),
        (0, NOW, "past_timestamp"),
        ("1970-01-01T00:00:00Z", NOW, "past_timestamp"),
        ("2100-01-01T00:00:00Z", NOW, "future_timestamp"),
        ("99999-01-01T00:00:00Z", NOW, "invalid_data"),
        ("yesterday", NOW, "invalid_data"),
        ([], NOW, "invalid_data"),
        (True, NOW, "invalid_data"),
        (float("nan"), NOW, "invalid_data"),
        (1e300, NOW, "invalid_data"),
        (None, NOW, None),
    ],
)
def test_a_clock_that_cannot_be_believed_gives_way_to_the_time_of_arrival(
    sent: Any, seconds: float, remark: str | None
) -> None:
    event = made(timestamp=sent)
    assert event.timestamp == pytest.approx(seconds, abs=1e-5)
    assert reasons(event).get("timestamp") == remark


@pytest.mark.parametrize(
    ("sent", "level"),
    [
        ("WARN", "warning"),
        ("critical", "fatal"),
        (40, "error"),
        ("10", "debug"),
        ("log", "info"),
        (None, "error"),
        ({}, "error"),
    ],
)
def test_levels_of_many_languages_become_sentrys_five(sent: Any, level: str) -> None:
    assert made(level=sent).level == level


@pytest.mark.parametrize(
    "sent",
    [
        {"colour": "red", "count": 7, "open": True, "none": None},
        [["colour", "red"], ["count", 7], ["open", True], ["none", None], None, "odd"],
        [{"key": "colour", "value": "red"}, {"key": "count", "value": 7}, {"key": "open", "value": True}],
    ],
)
def test_tags_come_as_an_object_or_as_pairs(sent: Any) -> None:
    assert made(tags=sent).tags == {"colour": "red", "count": "7", "open": "true"}


def test_the_envelopes_event_id_wins_and_dashes_go() -> None:
    raw = {"event_id": "0" * 32}
    assert normalise(raw, received=NOW, event_id="FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0").event_id == (
        "fc6d8c0c43fc4630ad850ee518f1b9d0"
    )
    odd = made(event_id="not an id")
    assert len(odd.event_id) == 32
    assert reasons(odd) == {"event_id": "invalid_data"}


@given(
    value=any_json,
    levels=st.integers(0, 20),
    breadth=st.integers(0, 1100),
    length=st.integers(0, 9000),
)
def test_what_is_called_small_by_its_size_reaches_none_of_the_caps(
    value: Any, levels: int, breadth: int, length: int
) -> None:
    for _ in range(levels):
        value = {"in": value}
    value = {"deep": value, "broad": [0] * breadth, "long": "x" * length}
    if is_storable(value) and is_small(value):
        assert bounded(copy.deepcopy(value), remarks := Remarks(), "vars") == value
        assert remarks == []


@pytest.mark.parametrize(
    "value", [{"a": [0] * 1001}, {"a": "x" * 8193}, json.loads('{"a":' * 17 + "0" + "}" * 17)]
)
def test_what_reaches_one_cap_is_not_called_small(value: Any) -> None:
    bounded(copy.deepcopy(value), remarks := Remarks(), "vars")
    assert remarks
    assert not is_small(value)


def test_an_event_of_the_first_years_of_the_store_endpoint_is_understood() -> None:
    event = made(
        **{
            "sentry.interfaces.Exception": [{"type": "KeyError", "value": "'a'", "module": "__builtin__"}],
            "sentry.interfaces.Stacktrace": {
                "frames": [{"filename": "app/x.py", "function": "f", "lineno": "12"}]
            },
            "sentry.interfaces.Http": {
                "url": "http://example.org/a?b=1#c",
                "method": "post",
                "headers": [["Accept", "text/html"]],
                "cookies": "a=1; b=2",
                "data": {"x": "y"},
            },
            "sentry.interfaces.User": {"id": 42},
            "culprit": "app.x in f",
            "site": "north",
            "platform": "Python",
            "checksum": "abc123",
            "timestamp": "2026-11-18T11:06:40",
        }
    )
    assert event.title == "KeyError: 'a'"
    assert event.exceptions[0]["stacktrace"]["frames"][0]["lineno"] == 12
    assert event.request is not None
    assert (event.request["method"], event.request["url"], event.request["query"]) == (
        "POST",
        "http://example.org/a",
        "b=1",
    )
    assert event.request["cookies"] == {"a": "1", "b": "2"}
    assert event.user == {"id": "42"}
    assert (event.culprit, event.tags, event.fingerprint) == ("app.x in f", {"site": "north"}, ["abc123"])


def test_query_strings_and_headers_come_in_every_shape() -> None:
    for query in ("a=1&b=2", "?a=1&b=2", [["a", "1"], ["b", "2"]], {"a": 1, "b": ["2"]}):
        request = made(request={"query_string": query, "headers": {"X-One": ["a", "b"]}}).request
        assert request == {"query": "a=1&b=2", "headers": [("X-One", "a"), ("X-One", "b")]}


def test_a_log_entry_is_filled_in_where_the_sender_did_not() -> None:
    event = made(logentry={"message": "Upload %s failed after %d s", "params": ["a.csv", 7]})
    assert event.message == event.title == "Upload a.csv failed after 7 s"
    assert event.template == "Upload %s failed after %d s"
    assert made(message={"message": "just text"}).title == "just text"
    assert filled_in("%(a)s {b} {} %s", {"a": 1}) == "1 {b} {} %s"
    assert filled_in("{1} {0} {7}", ["x", "y"]) == "y x {7}"


def test_the_title_of_a_group_of_one_kind_is_its_members() -> None:
    def exception(place: int, kind: str, *, is_group: bool = False) -> dict[str, Any]:
        return {
            "type": kind,
            "value": "v",
            "mechanism": {"exception_id": place, "is_exception_group": is_group},
        }

    alike = made(
        exception=[
            exception(2, "KeyError"),
            exception(1, "KeyError"),
            exception(0, "ExceptionGroup", is_group=True),
        ]
    )
    mixed = made(
        exception=[
            exception(2, "KeyError"),
            exception(1, "OSError"),
            exception(0, "ExceptionGroup", is_group=True),
        ]
    )
    assert (alike.title, mixed.title) == ("KeyError: v", "ExceptionGroup: v")


def test_an_exception_of_which_only_the_text_is_known_gets_its_type_from_it() -> None:
    event = made(exception={"value": "ValueError: too many"})
    assert (event.type, event.value, event.title) == ("ValueError", "too many", "ValueError: too many")


@pytest.mark.parametrize(
    ("platform", "frame", "in_app"),
    [
        ("python", {"abs_path": "/srv/.venv/lib/python3.12/site-packages/django/x.py"}, False),
        ("python", {"abs_path": "/usr/lib/python3.12/json/decoder.py"}, False),
        ("python", {"abs_path": "<frozen importlib._bootstrap>"}, False),
        ("python", {"abs_path": "/srv/river/views.py"}, True),
        ("node", {"abs_path": "/srv/node_modules/express/lib/router.js"}, False),
        ("node", {"filename": "node:internal/process/task_queues"}, False),
        ("javascript", {"abs_path": "https://example.org/assets/app.js"}, True),
        ("javascript", {"abs_path": "chrome-extension://abc/inject.js"}, False),
        ("go", {"module": "net/http", "abs_path": "/usr/local/go/src/net/http/server.go"}, False),
        ("go", {"module": "encoding/json"}, False),
        ("go", {"module": "github.com/us/river"}, True),
        ("go", {"module": "main"}, True),
        ("java", {"module": "org.springframework.web.Servlet"}, False),
        ("java", {"module": "org.river.Gauge"}, True),
        ("php", {"abs_path": "/srv/vendor/laravel/framework/x.php"}, False),
        ("ruby", {"abs_path": "/usr/local/bundle/gems/rack-3.0/lib/rack.rb"}, False),
        ("csharp", {"module": "System.Linq.Enumerable"}, False),
        ("python", {"abs_path": "/srv/.venv/lib/python3.12/site-packages/river/x.py", "in_app": True}, True),
    ],
)
def test_whose_code_a_frame_is_gets_decided_where_the_sender_does_not_say(
    platform: str, frame: dict[str, Any], in_app: bool
) -> None:
    event = made(platform=platform, exception={"type": "E", "stacktrace": {"frames": [frame]}})
    assert event.exceptions[0]["stacktrace"]["frames"][0]["in_app"] is in_app


def test_wrong_types_are_mended_and_remarked() -> None:
    event = made(
        exception=[
            None,
            "text",
            {
                "type": 7,
                "value": {"a": 1},
                "stacktrace": {"frames": ["x", {"lineno": "x", "function": 5, "vars": ["a"]}]},
            },
            {"type": "E", "mechanism": {"handled": "no"}, "stacktrace": "odd"},
        ],
        breadcrumbs={"values": [1, {"timestamp": "never", "message": ["m"]}]},
        user="ada",
        fingerprint="one",
        extra=[1, 2],
    )
    frame = event.exceptions[1]["stacktrace"]["frames"][0]
    assert (frame["function"], frame["vars"], "lineno" in frame) == ("5", {"0": "a"}, False)
    assert event.exceptions[0] == {"value": "text"}
    assert (event.fingerprint, event.extra, event.user) == (["one"], {"0": 1, "1": 2}, {"value": "ada"})
    assert {
        "exception.values.1.value",
        "exception.values.1.stacktrace.frames.lineno",
        "exception.values.2.mechanism.handled",
        "exception.values.2.stacktrace.frames",
        "breadcrumbs.timestamp",
        "user",
        "fingerprint",
        "extra",
    } <= set(reasons(event))


def test_a_line_number_past_all_numbers_is_left_out() -> None:
    event = made(stacktrace={"frames": [{"function": "f", "lineno": 1e19, "colno": 7.0}]})
    assert event.threads[0]["stacktrace"]["frames"] == [{"function": "f", "colno": 7, "in_app": True}]
    event.to_json()


def test_nuls_half_pairs_huge_numbers_and_deep_nesting_are_mended_and_remarked() -> None:
    deep: Any = "bottom"
    for _ in range(2000):
        deep = [deep]
    event = made(message="a\0b", extra={"half": "\ud800x", "huge": 2**80, "deep": deep})
    assert event.message == "a\N{REPLACEMENT CHARACTER}b"
    assert event.extra["half"] == "\N{REPLACEMENT CHARACTER}x"
    assert event.extra["huge"] == str(2**80)
    assert {"message", "extra.half", "extra.huge"} <= set(reasons(event))
    assert "value_too_long" in {remark["type"] for remark in event.remarks}
    assert len(event.to_json()) < 2000


def test_what_is_too_large_is_cut_and_remarked() -> None:
    frames = [{"function": f"f{number}"} for number in range(1000)]
    event = made(
        message="m" * 20_000,
        tags={"t" * 300: "v" * 300},
        exception={"type": "E", "stacktrace": {"frames": frames}},
        extra={"many": list(range(5000))},
        breadcrumbs=[{"message": str(number)} for number in range(150)],
    )
    kept = event.exceptions[0]["stacktrace"]["frames"]
    assert (len(kept), kept[0]["function"], kept[-1]["function"]) == (250, "f0", "f999")
    assert len(event.message or "") == 8192
    assert [(len(key), len(value)) for key, value in event.tags.items()] == [(200, 200)]
    assert len(event.extra["many"]) == 1000
    assert (len(event.breadcrumbs), event.breadcrumbs[-1]["message"]) == (100, "149")
    assert {remark["type"] for remark in event.remarks} == {"value_too_long"}


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ({"tags": {"suppressed": "12"}}, 12),
        ({"tags": [["suppressed", 3]]}, 3),
        ({"extra": {"suppressed": 5}}, 5),
        ({"tags": {"suppressed": "-4"}}, 0),
        ({"tags": {"suppressed": "many"}}, 0),
        ({"tags": {"suppressed": "99999999999"}}, 0),
        ({}, 0),
    ],
)
def test_an_event_stands_for_those_that_were_held_back_before_it(raw: dict[str, Any], count: int) -> None:
    event = made(**raw)
    assert (event.suppressed, event.times) == (count, count + 1)


def test_users_are_told_apart_without_saying_who_they_are() -> None:
    def key(**user: Any) -> str | None:
        return normalise({"user": user}, received=NOW, user_salt=b"salt").user_key

    assert key(id=42) == key(id="42") != key(id="43")
    assert key(email="ada@example.org") not in (None, key(email="bob@example.org"))
    assert key(ip_address="{{auto}}") is None
    assert normalise({"user": {"id": 42}}, received=NOW, user_salt=b"other").user_key != key(id=42)


def test_a_transactions_spans_move_with_its_clock() -> None:
    event = made(
        type="transaction",
        timestamp=1000.0,
        start_timestamp=990.0,
        spans=[{"op": "db", "start_timestamp": 991.0, "timestamp": "1970-01-01T00:16:32Z"}, None],
        contexts={"trace": {"trace_id": "A" * 32, "span_id": "b" * 16}},
    )
    assert (event.kind, event.timestamp, event.start_timestamp) == ("transaction", NOW, NOW - 10)
    assert event.spans == [{"op": "db", "start_timestamp": NOW - 9, "timestamp": NOW - 8}]
    assert (event.trace_id, event.span_id) == ("a" * 32, "b" * 16)


def test_what_sentry_sdk_sends_needs_no_remark_and_survives_storing() -> None:
    for name, raw in sdk_events().items():
        event = normalise(copy.deepcopy(raw), received=time.time())
        assert event.remarks == [], name
        assert Event.from_json(event.to_json()).to_dict() == json.loads(event.to_json()), name


def test_a_django_error_of_sentry_sdk_is_read_whole() -> None:
    raw = sdk_events()["view"]
    event = normalise(raw, received=time.time())
    assert event.title == "GaugeError: Gauge 17 at 0x7f3a21c0 has no stage"
    assert [one["type"] for one in event.exceptions] == ["KeyError", "GaugeError"]
    assert event.handled is False
    assert event.transaction == event.culprit == "/gauges/{station}/"
    assert (event.release, event.environment, event.platform) == ("river@1.0", "production", "python")
    assert event.sdk["name"] == "sentry.python.django"
    assert event.breadcrumbs or event.request

"""Versions side by side, custom fingerprints, explanations, and what real SDKs send."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk.utils
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sentry.filters import Filters
from monitor.events import Event, EventScrubber, normalise
from monitor.events.labels import MAX_FINGERPRINT
from monitor.grouping import Component, Grouper, explain, group
from monitor.grouping.fingerprints import VARIABLES, value_of
from monitor.grouping.frames import LIBRARY, REPEATED
from monitor.grouping.grouper import VERSIONS, Version
from monitor.grouping.messages import _VARIABLE
from strategy import load_strategy
from tests.monitor.events.recording import sdk_events
from tests.monitor.grouping.building import chain, error, event, exception, message

SCRUBBER = EventScrubber()


def by_title(found: Event) -> tuple[str, tuple[Component, ...]]:
    """A version 2 that splits what version 1 keeps together, and merges what it keeps apart."""
    return "message", (Component("message", found.title),)


TWO_VERSIONS = Grouper((Version(2, by_title), *VERSIONS))


def test_the_hash_of_version_1_never_changes() -> None:
    found = group(chain(exception("KeyError", "river.a:read"), exception("GaugeError", "river.views:show")))
    assert (found.version, found.hash) == (1, "890edde6cb532ec3ad249e6dba36fde7")
    assert group(message("Order 4711 failed")).hash == "c82f6d7c5841319bc3d58b2eb85b4a2c"
    assert group(message("x", fingerprint=["outage", "db"])).hash == "95bfd3427f004e4c5583dca7b3374446"


def test_a_new_version_goes_on_with_the_issue_that_an_earlier_one_began() -> None:
    issues: dict[str, str] = {}

    def digest(grouper: Grouper, found: Event) -> str:
        grouping, issue = grouper.find(found, issues.get)
        return issues.setdefault(grouping.hash, issue or f"issue {len(issues) + 1}")

    one, other = error("E", "a:f", value="one"), error("E", "a:f", value="other")
    assert digest(Grouper(), one) == digest(Grouper(), other) == "issue 1"
    # Version 2 would split these two; both go on in the issue that they have.
    assert digest(TWO_VERSIONS, one) == digest(TWO_VERSIONS, other) == "issue 1"
    # Both new hashes are known now, and version 1 is asked no more.
    assert {TWO_VERSIONS.group(one).hash, TWO_VERSIONS.group(other).hash} <= set(issues)
    # What comes anew is grouped by the new version alone.
    assert digest(TWO_VERSIONS, error("F", "a:f", value="x")) != digest(
        TWO_VERSIONS, error("F", "a:f", value="y")
    )


def test_the_hashes_of_earlier_versions_are_asked_the_newest_first() -> None:
    found = error("E", "a:f")
    assert [one.version for one in TWO_VERSIONS.earlier(found)] == [1]
    assert TWO_VERSIONS.version == TWO_VERSIONS.group(found).version == 2
    assert TWO_VERSIONS.earlier(found)[0].hash == group(found).hash != TWO_VERSIONS.group(found).hash
    with pytest.raises(ValueError, match="newest first"):
        Grouper((*VERSIONS, Version(2, by_title)))


def test_a_custom_fingerprint_is_the_same_in_every_version() -> None:
    found = error("E", "a:f", fingerprint=["outage", "{{ error.type }}"])
    assert TWO_VERSIONS.group(found).hash == group(found).hash


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("transaction", "/gauges/"), ("message", "all is lost"), ("type", "KeyError"), ("error.type", "KeyError"),
        ("value", "'a'"), ("error.value", "'a'"), ("function", "show"), ("stack.function", "show"),
        ("path", "/srv/river/views.py"), ("stack.abs_path", "/srv/river/views.py"), ("stack.filename", "river/views.py"),
        ("module", "river.views"), ("stack.module", "river.views"), ("package", "river.so"), ("stack.package", "river.so"),
        ("level", "fatal"), ("logger", "river"), ("tags.service", "weather"), ("tags.nothing", "<no-value-for-tag-nothing>"),
        ("dog", "<unrecognized-variable-dog>"), ("stack.dog", "<unrecognized-variable-stack.dog>"),
    ],
)  # fmt: skip
def test_a_fingerprints_variables_are_sentrys(name: str, value: str) -> None:
    frame = {
        "function": "show", "abs_path": "/srv/river/views.py", "filename": "river/views.py", "module": "river.views",
        "package": "/usr/lib/river.so", "in_app": True,
    }  # fmt: skip
    found = error(
        "KeyError", frame, {"function": "get", "module": "lib", "in_app": False},
        value="'a'", transaction="/gauges/", message="all is lost", level="fatal", logger="river",
        tags={"service": "weather"}, fingerprint=["{{ " + name + " }}"],
    )  # fmt: skip
    assert [component.label for component in group(found).components] == [value]


def test_a_variable_without_a_value_says_so() -> None:
    empty = event()
    for name in VARIABLES:
        if name not in ("default", "level", "tags.<name>"):
            assert value_of(name, empty).startswith("<no-"), name


def test_the_page_about_grouping_names_each_variable_and_placeholder() -> None:
    page = (Path(__file__).parents[3] / "docs" / "monitor" / "grouping.md").read_text()
    for name in [*VARIABLES, *(f"<{kind}>" for kind in _VARIABLE.groupindex)]:
        assert f"`{name}`" in page, name


def test_the_strategys_fingerprints_use_known_variables_only() -> None:
    strategy = load_strategy(env={})
    lists = [rule.fingerprint for rule in strategy.fingerprints]
    lists += [category.fingerprint for category in strategy.categories.values() if category.fingerprint]
    assert lists
    for parts in lists:
        found = group(message("x", fingerprint=list(parts or ())))
        assert not any("unrecognized" in component.label for component in found.components), parts


def test_two_releases_of_a_real_application_have_the_same_groups() -> None:
    first, second = sdk_events(), sdk_events(moved_lines=37)
    hashes = {}
    for name, raw in first.items():
        one, other = _digested(raw), _digested(second[name])
        lines = [frame.get("lineno") for frame in _frames(one)]
        assert group(one).hash == group(other).hash, name
        assert lines != [frame.get("lineno") for frame in _frames(other)] or not lines, name
        hashes[name] = group(one).hash
    assert hashes["view"] == hashes["view_again"]
    assert hashes["recursion_30"] == hashes["recursion_60"]
    assert len(set(hashes.values())) == len(hashes) - 2


def _digested(raw: dict[str, Any]) -> Event:
    found = normalise(raw, received=time.time())
    SCRUBBER.scrub(found)
    return found


def _frames(found: Event) -> list[Any]:
    return [frame for one in found.exceptions for frame in one.get("stacktrace", {}).get("frames", [])]


class GaugeAwayError(Exception):
    """Our own."""


def _fails(station: str) -> None:
    secret_token = f"k7-{station}-canary"
    raise GaugeAwayError(f"gauge {station} does not answer, token={secret_token}")


def _as_the_application_sends_it(station: str) -> Event:
    try:
        _fails(station)
    except GaugeAwayError:
        raw, hint = sentry_sdk.utils.event_from_exception(sys.exc_info())
    sent = Filters().before_send(raw, hint)
    assert sent is not None
    return _digested(dict(sent))


def test_what_the_application_has_scrubbed_itself_is_grouped_and_labelled() -> None:
    one, other = _as_the_application_sends_it("17"), _as_the_application_sends_it("99")
    assert one.title.startswith("GaugeAwayError: gauge 17 does not answer")
    assert "k7-17-canary" not in one.to_json().decode()
    assert group(one).hash == group(other).hash
    assert one.tags["severity"] == "P2"


NODE = {
    "platform": "node",
    "exception": {
        "values": [
            {
                "type": "TypeError",
                "value": "Cannot read properties of undefined (reading 'stage')",
                "stacktrace": {
                    "frames": [
                        {"filename": "node:internal/process/task_queues", "function": "process.processTicksAndRejections",
                         "module": "task_queues", "lineno": 95, "colno": 5, "in_app": False},
                        {"filename": "/srv/river/dist/gauges.js", "function": "async Gauges.load", "module": "gauges",
                         "lineno": 12, "colno": 9, "in_app": True, "context_line": "    return this.rows[0].stage;"},
                        {"filename": "/srv/river/dist/gauges.js", "function": "Gauges.<anonymous>", "module": "gauges",
                         "lineno": 31, "colno": 21, "in_app": True},
                    ]
                },
                "mechanism": {"type": "onunhandledrejection", "handled": False},
            }
        ]
    },
    "modules": {"express": "4.19.2"},
    "contexts": {"runtime": {"name": "node", "version": "v22.0.0"}},
    "sdk": {"name": "sentry.javascript.node", "version": "10.0.0"},
}  # fmt: skip

SCRIPT = "https://river.example.org/static/js/main.3f2a9c1d.js"
BROWSER = {
    "platform": "javascript",
    "exception": {
        "values": [
            {
                "type": "ReferenceError",
                "value": "plot is not defined",
                "stacktrace": {
                    "frames": [
                        {"filename": SCRIPT, "function": "HTMLButtonElement.<anonymous>",
                         "in_app": True, "lineno": 1, "colno": 48211},
                        {"filename": SCRIPT, "function": "drawHydrograph",
                         "in_app": True, "lineno": 1, "colno": 51002},
                        {"filename": "<anonymous>", "function": "new Promise", "in_app": True},
                    ]
                },
                "mechanism": {"type": "onerror", "handled": False},
            }
        ]
    },
    "request": {"url": "https://river.example.org/data/7/?token=abc", "headers": {"User-Agent": "Mozilla/5.0"}},
    "breadcrumbs": [{"timestamp": 1.5, "category": "ui.click", "message": "button#draw"}],
}  # fmt: skip


def test_node_and_browser_events_are_grouped_by_what_survives_the_next_build() -> None:
    node, browser = _digested(NODE), _digested(BROWSER)
    assert group(node).components == (
        Component("exception", "TypeError", ("gauges:Gauges.load", "gauges:Gauges")),
    )
    assert group(browser).components == (
        Component(
            "exception",
            "ReferenceError",
            ("static/js/main.js:HTMLButtonElement", "static/js/main.js:drawHydrograph"),
        ),
    )
    assert browser.request is not None
    assert browser.request["query"] == "token=[Filtered]"


_words = st.sampled_from(["read", "load", "show", "walk", "save"])
_numbers = st.integers(0, 2**31)


@settings(max_examples=80, deadline=None)
@given(
    places=st.lists(st.tuples(_words, _words), min_size=1, max_size=5),
    lines=st.lists(_numbers, min_size=5, max_size=5),
    ids=st.tuples(st.uuids(), _numbers, st.integers(16**6, 16**12)),
)
def test_lines_ids_and_addresses_never_change_the_hash(
    places: list[tuple[str, str]], lines: list[int], ids: tuple[Any, int, int]
) -> None:
    def made(shift: int, *, value: str) -> Event:
        frames = [
            {"module": f"river.{module}", "function": function, "lineno": line + shift, "colno": shift + 1, "in_app": True,
             "instruction_addr": hex(shift + 4096), "vars": {"id": value}}
            for (module, function), line in zip(places, lines, strict=False)
        ]  # fmt: skip
        return event(
            exception={"type": "E", "value": value, "stacktrace": {"frames": frames}},
            transaction=f"/x/{shift}",
        )

    uuid, number, address = ids
    text = f"object {uuid} ({number}) at {address:#x} is gone"
    assert group(made(0, value="")).hash == group(made(number, value=text)).hash
    assert (
        group(message(text)).hash
        == group(message("object 0b1c2d3e-0000-4000-8000-123456789abc (1) at 0x7f is gone")).hash
    )


@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(st.sampled_from("abc"), max_size=3),
    cycle=st.lists(st.sampled_from("defgh"), min_size=1, max_size=4, unique=True),
    one=st.integers(2, 12),
    other=st.integers(2, 40),
)
def test_how_deep_a_recursion_goes_never_changes_the_hash(
    before: list[str], cycle: list[str], one: int, other: int
) -> None:
    def made(times: int) -> Event:
        return error("E", *(f"river:{name}" for name in [*before, *cycle * times, "z"]))

    assert group(made(one)).hash == group(made(other)).hash


def test_an_explanation_says_what_counts_and_why_the_rest_does_not() -> None:
    found = explain(
        error("E", "+django.core:inner", "river.views:show@7", "river.tree:walk", "river.tree:walk")
    )
    assert [(frame.place, frame.compared_as, frame.reason) for frame in found.traces[0].frames] == [
        ("django.core:1 in inner", "", LIBRARY),
        ("river.views:7 in show", "river.views:show", ""),
        ("river.tree:1 in walk", "river.tree:walk", ""),
        ("river.tree:1 in walk", "", REPEATED),
    ]
    assert "same functions of the application" in found.summary


def test_an_explanation_of_a_fingerprint_shows_its_variables() -> None:
    found = explain(error("E", "a:f", fingerprint=["{{ default }}", "{{ error.type }}", "x"]))
    assert [(part.written, part.value) for part in found.fingerprint] == [
        ("{{ default }}", "as without a fingerprint"),
        ("{{ error.type }}", "E"),
        ("x", "x"),
    ]
    assert found.summary.startswith("The sender splits a group by a fingerprint. Within it: together are")
    assert found.traces
    alone = explain(error("E", "a:f", fingerprint=["x"]))
    assert (alone.traces, alone.summary.startswith("The sender names the group")) == ((), True)


def test_an_explanation_of_a_trace_of_libraries_shows_what_it_is_grouped_by() -> None:
    found = explain(error("E", "+gunicorn.a:run", "+gunicorn.b:boot"))
    assert [frame.compared_as for frame in found.traces[0].frames] == list(
        found.grouping.components[0].frames
    )
    assert found.grouping.components[0].frames == ("gunicorn.a:run", "gunicorn.b:boot")


def test_an_event_about_nothing_is_grouped_by_its_place() -> None:
    assert (
        group(event(transaction="/a/")).hash
        == group(event(transaction="/a/")).hash
        != group(event(transaction="/b/")).hash
    )
    assert (
        explain(event(fingerprint=["x"] * 99)).grouping.components
        == (Component("fingerprint", "x"),) * MAX_FINGERPRINT
    )

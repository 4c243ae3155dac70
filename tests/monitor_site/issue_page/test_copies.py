"""What a reader takes along: the command, the Markdown. A shell and a Markdown parser judge them."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from monitor.events import normalise
from monitor.events.model import Event
from monitor.issues.detail.curl import curl_of
from monitor.issues.detail.markdown import markdown_of
from tests.monitor.events.recording import sdk_events
from tests.monitor_site.issue_page.hostile import NASTY, hostile

SHELL = "curl() { printf '%s\\0' \"$@\"; }\n"


def event_of(raw: dict[str, Any]) -> Event:
    return normalise(copy.deepcopy(raw), received=1000.0)


def arguments(command: str, directory: Path) -> list[str]:
    """What curl would be given, by a shell in which curl prints it."""
    done = subprocess.run(
        ["sh", "-c", SHELL + command], capture_output=True, check=True, timeout=30, cwd=directory
    )
    assert list(directory.iterdir()) == []
    return done.stdout.decode().split("\0")[:-1]


def request(**parts: Any) -> Event:
    return event_of({"message": "x", "request": {"url": "https://river.example.org/gauges/", **parts}})


def test_a_request_is_sent_again_as_it_was(tmp_path: Path) -> None:
    event = request(
        method="POST",
        query_string="day=2026-11-21&q=it's",
        headers={
            "Content-Type": "application/json",
            "X-Trace": "a  b",
            "Host": "river.example.org",
            "Content-Length": "9",
        },
        data={"station": "17", "unit": "m³/s"},
    )
    assert arguments(curl_of(event), tmp_path) == [
        "--globoff",
        "--request",
        "POST",
        "--url",
        "https://river.example.org/gauges/?day=2026-11-21&q=it's",
        "--header",
        "Content-Type: application/json",
        "--header",
        "X-Trace: a b",
        "--data-raw",
        '{"station": "17", "unit": "m³/s"}',
    ]


def test_a_forms_fields_are_sent_as_a_form(tmp_path: Path) -> None:
    event = request(
        method="POST",
        headers={"content-type": "application/x-www-form-urlencoded"},
        data={"a": ["1", "2"], "b": "ü"},
    )
    assert arguments(curl_of(event), tmp_path)[-1] == "a=1&a=2&b=%C3%BC"


def test_what_was_removed_is_said_and_not_sent() -> None:
    command = curl_of(
        request(
            headers={"Authorization": "[Filtered]", "Cookie": "[Filtered]"}, query_string="token=[Filtered]"
        )
    )
    assert "put in your own: Authorization" in command
    assert "It had cookies" in command
    assert "stands where a secret was" in command
    assert "--header" not in command


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "-o/tmp/x", "gopher://x", "", "dict://h"]
)
def test_other_schemes_have_no_command(url: str) -> None:
    assert curl_of(event_of({"message": "x", "request": {"url": url, "method": "GET"}})) == ""


def test_a_header_cannot_read_a_file_or_end_a_line(tmp_path: Path) -> None:
    event = request(headers={"@/etc/passwd": "x", "X-A": "1\r\nX-B: 2", "X\nY": "3", "X-C": "\x1b[201~;id"})
    found = arguments(curl_of(event), tmp_path)
    assert [one for one in found if "passwd" in one or "X\nY" in one] == []
    assert "X-A: 1\ufffd X-B: 2" in found
    assert all("\x1b" not in one for one in found)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_breaks_out_of_its_word(one: str, other: str, third: str) -> None:
    text = f"'; touch broken; $(touch broken) `touch broken` {one}\n"
    event = request(method="PUT", query_string=text + other, headers={"X-Text": text}, data=text + third)
    command = curl_of(event).replace("\0", "")
    done = subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False, timeout=30)
    assert done.returncode == 0
    script = (
        SHELL.replace("curl()", "touch() { printf BROKEN; }\ncurl()")
        .replace("%s\\0", "[%s]")
        .replace(' "$@"', ' "$#"')
    )
    said = subprocess.run(["sh", "-c", script + command], capture_output=True, check=True, timeout=30).stdout
    assert said == b"[9]"


def markdown(raw: dict[str, Any]) -> str:
    return markdown_of(
        event_of(raw),
        address="https://monitor.example.org/issues/1/",
        short_id="RIVER-1",
        facts=[("Seen", "12 times")],
    )


def test_markdown_holds_what_a_colleague_needs() -> None:
    text = markdown(sdk_events()["view"])
    assert text.startswith("# `GaugeError: Gauge 17 at 0x7f3a21c0 has no stage`")
    for part in (
        "RIVER-1, event ",
        "- Seen: `12 times`",
        "Traceback (most recent call last):",
        "The above exception was the direct cause",
        "## Locals of `load`",
        "station = 17",
        "GET https://river.example.org/gauges/17/",
    ):
        assert part in text


@pytest.mark.parametrize("text", NASTY)
def test_nothing_of_an_event_becomes_markup(text: str) -> None:
    raw = hostile(text + " ``` ````\n# heading\n- item ![i](http://x/y)")
    tokens = MarkdownIt("commonmark").parse(markdown(raw))
    kinds = {inner.type for token in tokens if token.type == "inline" for inner in token.children or []}
    assert kinds <= {"text", "code_inline", "softbreak"}
    blocks = {token.type for token in tokens}
    assert not blocks & {"html_block", "blockquote_open", "code_block", "hr"}
    headings = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert "heading" not in headings
    assert headings[1:] == [
        "Message",
        "Traceback",
        headings[3],
        "What went before",
        "Request",
        "Tags",
    ]

"""Reports that browsers send become events, and many of a kind one issue."""

from typing import Any

import pytest
from hypothesis import given, settings

from monitor.events import EventScrubber, normalise
from monitor.events.security_reports import event_of_report
from monitor.grouping import group
from tests.monitor.events.json_strategies import any_json

NOW = 1_795_000_000.0


def csp(
    blocked: str, directive: str = "script-src-elem", page: str = "https://x.org/data/7/?token=abc"
) -> dict[str, Any]:
    return {
        "csp-report": {
            "document-uri": page,
            "violated-directive": f"{directive} 'self'",
            "blocked-uri": blocked,
        }
    }


@pytest.mark.parametrize(
    ("report", "title"),
    [
        (csp("https://evil.example.org/x.js"), "Blocked 'script-src-elem' from 'evil.example.org'"),
        (csp("inline", "style-src"), "Blocked 'style-src' from 'inline'"),
        (csp("data", "img-src"), "Blocked 'img-src' from 'data'"),
        (csp("chrome-extension://abc/x.js"), "Blocked 'script-src-elem' from 'chrome-extension'"),
        (
            {"type": "csp-violation", "url": "https://x.org", "user_agent": "Mozilla/5.0",
             "body": {"effectiveDirective": "font-src", "blockedURL": "https://fonts.x/a", "documentURL": "https://x.org"}},
            "Blocked 'font-src' from 'fonts.x'",
        ),
        (
            {"type": "network-error", "url": "https://x.org/a", "body": {"type": "tcp.timed_out", "phase": "connection"}},
            "Network error tcp.timed_out in phase connection",
        ),
        ({"expect-ct-report": {"hostname": "x.org"}}, "expectct failed for 'x.org'"),
        ({"type": "deprecation", "body": {"id": "old"}}, "deprecation report"),
    ],
)  # fmt: skip
def test_a_report_says_what_was_broken_and_by_whom(report: dict[str, Any], title: str) -> None:
    event = normalise(event_of_report(report, release="1.0", environment="production"), received=NOW)
    assert (event.title, event.release, event.environment, event.remarks) == (title, "1.0", "production", [])


def test_one_forbidden_script_is_one_issue_on_whichever_page() -> None:
    def hash_of(report: dict[str, Any]) -> str:
        event = normalise(event_of_report(report), received=NOW)
        EventScrubber().scrub(event)
        assert "abc" not in event.to_json().decode()
        return group(event).hash

    one = hash_of(csp("https://evil.example.org/x.js?1"))
    assert one == hash_of(csp("https://evil.example.org/y.js", page="https://x.org/other/"))
    assert one != hash_of(csp("https://other.example.org/x.js"))
    assert one != hash_of(csp("https://evil.example.org/x.css", "style-src"))


@settings(max_examples=50, deadline=None)
@given(value=any_json)
def test_any_report_becomes_an_event(value: Any) -> None:
    for report in (
        {"csp-report": value},
        {"type": value, "body": value, "url": value},
        {"csp-report": {"blocked-uri": value}},
    ):
        group(normalise(event_of_report(report), received=NOW))

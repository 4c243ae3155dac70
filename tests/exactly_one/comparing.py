"""Compares the events that came with what a row of the table says."""

from __future__ import annotations

import re
from typing import Any

from tests.exactly_one.ways.row import Told

_ERROR_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


def summary(event: dict[str, Any]) -> tuple[Any, ...]:
    """Category, class of the exception, handled, group."""
    exception = _outermost(event)
    return (
        event["tags"]["category"],
        exception.get("type"),
        (exception.get("mechanism") or {}).get("handled"),
        tuple(event.get("fingerprint") or ()),
    )


def expected(told: tuple[Told, ...]) -> list[tuple[Any, ...]]:
    return sorted(((row.category, row.raised, row.handled, row.group) for row in told), key=str)


def summaries(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted((summary(event) for event in events), key=str)


def check_group(event: dict[str, Any]) -> None:
    """What has no fingerprint has a stack to be grouped by."""
    exception = _outermost(event)
    if event.get("fingerprint") or not exception:
        return
    frames = [
        frame
        for value in event["exception"]["values"]
        for frame in (value.get("stacktrace") or {}).get("frames", ())
    ]
    assert frames


def check_tags(event: dict[str, Any], told: tuple[Told, ...]) -> None:
    severities = {row.severity for row in told if row.severity} or {"P0", "P1", "P2", "P3", "P4"}
    assert event["tags"]["severity"] in severities
    assert event["level"] == "error"


def check_request_tags(event: dict[str, Any], headers: dict[str, str]) -> None:
    named = {name.lower(): value for name, value in headers.items()}
    tags = event["tags"]
    assert tags["request_id"] == named.get("x-request-id", tags["request_id"])
    assert _ERROR_ID.fullmatch(tags["error_id"])
    assert tags["error_id"] == named.get("x-error-id", tags["error_id"])


def _outermost(event: dict[str, Any]) -> dict[str, Any]:
    values = (event.get("exception") or {}).get("values") or [{}]
    outermost: dict[str, Any] = values[-1]
    return outermost

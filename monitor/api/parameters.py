"""Query parameters: what they mean, and how they are read. A wrong one is refused by name, never taken for another."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.api.errors import field_error

PARAMETERS: dict[str, tuple[dict[str, Any], str]] = {
    "cursor": (
        {"type": "string", "pattern": r"^\d+:\d{1,7}:[01]$"},
        "From the Link header of the page before",
    ),
    "per_page": (
        {"type": "integer", "minimum": 1, "maximum": 100},
        "So many at most; 100 unless it is given",
    ),
    "limit": ({"type": "integer", "minimum": 1, "maximum": 100}, "The same as per_page"),
    "query": ({"type": "string"}, "A search"),
    "sort": ({"type": "string", "enum": ["date", "new", "freq", "user", "severity"]}, "The order"),
    "project": (
        {"type": "array", "items": {"type": "string"}},
        "Short names or numbers of projects; all that you may see without it",
    ),
    "environment": ({"type": "string"}, "Only this environment"),
    "statsPeriod": ({"type": "string", "pattern": r"^(\d{1,6}[smhdw])?$"}, "A stretch up to now: 24h, 14d"),
    "start": ({"type": "string"}, "From this time on: ISO 8601 or seconds since 1970"),
    "end": ({"type": "string"}, "Up to this time"),
    "groupStatsPeriod": (
        {"type": "string", "enum": ["", "24h", "14d"]},
        "How far the counts of each issue go back",
    ),
    "id": ({"type": "array", "items": {"type": "string"}}, "Numbers of the issues that are meant"),
    "download": ({"type": "string"}, "1: the file itself"),
    "full": ({"type": "string"}, "1: with all that is kept of each event"),
    "stat": (
        {"type": "string", "enum": ["received", "rejected", "blacklisted", "generated"]},
        "What is counted; received unless it is given",
    ),
    "since": ({"type": "string"}, "From this time on: seconds since 1970, ISO 8601, or so far back: 1d, 12h"),
    "until": ({"type": "string"}, "Up to this time; now unless it is given"),
    "resolution": (
        {"type": "string", "enum": ["10s", "1h", "1d"]},
        "The length of a step; 1h unless it is given",
    ),
    "interval": ({"type": "string", "pattern": r"^\d{1,3}[mhd]$"}, "The length of a step: 1h, 1d"),
    "field": (
        {"type": "string", "enum": ["sum(quantity)", "sum(times_seen)"]},
        "What is added up; attachments count in bytes",
    ),
    "groupBy": (
        {
            "type": "array",
            "items": {"type": "string", "enum": ["outcome", "category", "reason", "project"]},
        },
        "What is told apart",
    ),
    "category": (
        {"type": "array", "items": {"type": "string"}},
        "Only these data categories: error, transaction",
    ),
    "outcome": (
        {"type": "array", "items": {"type": "string"}},
        "Only these: accepted, rate_limited, invalid, client_discard",
    ),
    "state": ({"type": "string"}, "Only what stands so: open, or one of the states"),
    "severity": ({"type": "string"}, "Only of this severity: P0"),
    "rule": ({"type": "string"}, "Only of this alert rule"),
    "incident": ({"type": "string"}, "Only of the incident with this number"),
    "reason": ({"type": "array", "items": {"type": "string"}}, "Only for these reasons"),
}
_SPAN = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN_MAX = timedelta(days=3660)


def span(text: str, name: str) -> timedelta:
    """`14d`. Raises FieldsError."""
    match = _SPAN.fullmatch(text)
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else timedelta()
    if not timedelta() < length <= _SPAN_MAX:
        raise field_error(name, f"This is {text[:40]!r}; it must be a number with s, m, h, d or w: 24h, 14d.")
    return length


def moment(text: str, name: str) -> datetime:
    """Seconds since 1970, or ISO 8601; without a zone it is UTC. Raises FieldsError."""
    try:
        if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text, re.ASCII):
            found = datetime.fromtimestamp(float(text), UTC)
        else:
            found = datetime.fromisoformat(text)
            found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise field_error(
            name, f"This is {text[:40]!r}; it must be ISO 8601 (2026-11-22T04:00:00Z) or seconds since 1970."
        ) from error
    if not 1970 <= found.year < 2200:
        raise field_error(name, f"This is {text[:40]!r}; it must be a time from 1970 on.")
    return found


def moment_or_span(text: str, name: str, now: datetime) -> datetime:
    """A moment, or so far before now: `1d`."""
    return now - span(text, name) if _SPAN.fullmatch(text) else moment(text, name)


def whole(text: str, name: str, *, least: int, most: int) -> int:
    """Raises FieldsError."""
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise field_error(name, f"This is {text[:40]!r}; it must be a whole number from {least} to {most}.")
    return int(text)


def number_in(text: str) -> int | None:
    """The number of a row that a path names; None of what is none."""
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else None

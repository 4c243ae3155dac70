"""When it happened: seconds or ISO 8601, from clocks that may be decades wrong."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from monitor.events.values import Remarks

# A spool may wait for days while the monitor is away; nothing waits for a month.
MAX_AGE_S = 30 * 86400
MAX_AHEAD_S = 60
_MILLISECONDS_FROM = 1e11


def seconds_of(value: Any) -> float | None:
    """Seconds since 1970 of a number (milliseconds are recognised), a number in a string, or ISO 8601 (UTC unless it
    says otherwise); None of anything else."""
    if type(value) is str:
        try:
            value = float(value)
        except ValueError:
            return _of_iso(value)
    if type(value) is not float and type(value) is not int:
        return None
    if not math.isfinite(value) or abs(value) > 1e18:
        return None
    return value / 1000 if abs(value) >= _MILLISECONDS_FROM else float(value)


def _of_iso(text: str) -> float | None:
    if len(text) > 64:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def event_time(value: Any, received: float, remarks: Remarks) -> float:
    """When an event happened: what it says, unless its clock is past belief; then when it came."""
    if value is None:
        return received
    seconds = seconds_of(value)
    if seconds is None:
        remarks.wrong_type("timestamp", value, "seconds since 1970 or ISO 8601")
        return received
    if seconds > received + MAX_AHEAD_S:
        remarks.add("future_timestamp", "timestamp", "more than a minute ahead: taken as received", value)
        return received
    if seconds < received - MAX_AGE_S:
        remarks.add("past_timestamp", "timestamp", "more than 30 days ago: taken as received", value)
        return received
    return seconds

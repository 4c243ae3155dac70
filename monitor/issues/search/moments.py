"""Times as they are searched for: `-24h` (not longer ago), `+7d` (longer ago), `>2026-11-01`, `2026-11-01` (that day)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

_AGO = re.compile(r"([+-])(\d{1,6})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
EXAMPLES = "-24h (in the last 24 hours), +7d (longer than 7 days ago), >2026-11-01, <=2026-11-01T18:30"

Bounds = list[tuple[str, float]]
"""Lookups of Django with seconds since 1970, all to hold: [("gte", …), ("lt", …)]."""

_LOOKUPS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def bounds_of(text: str, operator: str, *, now: float, zone: tzinfo) -> Bounds | None:
    """None for what is no time. A date without a clock is that day in `zone`."""
    ago = _AGO.fullmatch(text)
    if ago:
        moment = now - int(ago[2]) * _SECONDS[ago[3]]
        return None if operator else [("gte" if ago[1] == "-" else "lte", moment)]
    try:
        return _on_day(text, operator, zone) or _at(text, operator, zone)
    except (ValueError, OverflowError):
        return None


def _on_day(text: str, operator: str, zone: tzinfo) -> Bounds | None:
    if len(text) != len("2026-11-01"):
        return None
    day = date.fromisoformat(text)
    first = datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
    following = day + timedelta(days=1)
    last = datetime(following.year, following.month, following.day, tzinfo=zone).timestamp()
    return {
        "": [("gte", first), ("lt", last)],
        ">": [("gte", last)],
        ">=": [("gte", first)],
        "<": [("lt", first)],
        "<=": [("lt", last)],
    }[operator]


def _at(text: str, operator: str, zone: tzinfo) -> Bounds | None:
    if not operator:
        return None
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return [(_LOOKUPS[operator], moment.timestamp())]

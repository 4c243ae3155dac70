"""Times as the rota says them: `{% load rota %}`."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template

register = template.Library()
_DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


@register.filter
def epoch(seconds: float) -> datetime:
    """Of seconds since 1970 the moment, for `date`."""
    return datetime.fromtimestamp(seconds, UTC)


@register.filter
def day_name(short: str) -> str:
    """`Monday` for `mon`."""
    return _DAYS.get(short, short)

"""Seconds of the working day: escalations that need not wake anybody go by them. Pure; DST-correct.

Between two moments only what lies in business hours counts. Days are of the strategy's time zone, so a working day
is from its wall-clock start to its end also when clocks change in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from strategy.model.people import BusinessHours

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST_DAYS = 3660


def after(hours: BusinessHours, start: float, seconds: float) -> float:
    """The moment at which so many seconds of business hours have passed since `start` (seconds since 1970).

    Raises OverflowError when ten years do not hold them.
    """
    left = seconds
    for opens, closes in _working_days(hours, start):
        begins = max(opens, start)
        if closes <= begins:
            continue
        if left <= closes - begins:
            return begins + left
        left -= closes - begins
    raise OverflowError(f"{seconds} s of business hours do not pass within ten years.")


def between(hours: BusinessHours, start: float, end: float) -> float:
    """How many seconds of business hours lie between the two."""
    passed = 0.0
    for opens, closes in _working_days(hours, start):
        if opens >= end:
            break
        passed += max(0.0, min(closes, end) - max(opens, start))
    return passed


def is_open(hours: BusinessHours, at: float) -> bool:
    return any(opens <= at < closes for opens, closes in _first(hours, at))


def _first(hours: BusinessHours, at: float) -> Iterator[tuple[float, float]]:
    for opens, closes in _working_days(hours, at):
        yield opens, closes
        if opens > at:
            return


def _working_days(hours: BusinessHours, start: float) -> Iterator[tuple[float, float]]:
    """Start and end of each working day, from the day before `start` on (a night shift may have begun then)."""
    zone = ZoneInfo(hours.time_zone)
    first = datetime.fromtimestamp(start, zone).date() - timedelta(days=1)
    opens, closes = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    for number in range(_LONGEST_DAYS):
        day = first + timedelta(days=number)
        if _DAYS[day.weekday()] in hours.days:
            last = day if closes > opens else day + timedelta(days=1)
            yield (
                datetime.combine(day, opens, zone).timestamp(),
                datetime.combine(last, closes, zone).timestamp(),
            )

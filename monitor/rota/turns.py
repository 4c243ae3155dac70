"""When a turn begins and whose it is: wall-clock times of the business's zone, so that summer time moves no hand-over.

Pure. A turn is counted in whole days where it is such (7d is from Monday 09:30 to Monday 09:30, 167 or 169 hours long
twice a year), else in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from strategy.model.people import OnCall

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Turn:
    """`number` counts from the anchor's turn, 0; times are seconds since 1970."""

    number: int
    starts: float
    ends: float


def turn_at(on_call: OnCall, zone: ZoneInfo, anchor: float, at: float) -> Turn:
    """The turn that `at` is in, counted from the one that begins at, or last before, `anchor`."""
    first = hand_over_before(on_call, zone, anchor)
    if on_call.turn_s % _DAY_S:
        return _in_seconds(on_call.turn_s, first.timestamp(), at)
    days = on_call.turn_s // _DAY_S
    moment = datetime.fromtimestamp(at, zone)
    number = (moment.date() - first.date()).days // days
    # On the day of a hand-over it may be before its time.
    if _start(first, number * days).timestamp() > at:
        number -= 1
    starts, ends = (_start(first, (number + step) * days).timestamp() for step in (0, 1))
    return Turn(number, starts, ends)


def turn_after(on_call: OnCall, zone: ZoneInfo, anchor: float, turn: Turn) -> Turn:
    return turn_at(on_call, zone, anchor, turn.ends)


def hand_over_before(on_call: OnCall, zone: ZoneInfo, at: float) -> datetime:
    """The last hand-over at or before `at`: its day of the week, its time of day."""
    moment = datetime.fromtimestamp(at, zone)
    back = (moment.weekday() - _DAYS.index(on_call.hand_over_day)) % 7
    found = _on(moment, on_call.hand_over_at, -back)
    return found if found.timestamp() <= at else _on(moment, on_call.hand_over_at, -back - 7)


def _on(moment: datetime, time_of_day: str, days: int) -> datetime:
    day = moment.date() + timedelta(days=days)
    return datetime.combine(day, time.fromisoformat(time_of_day), moment.tzinfo)


def _start(first: datetime, days: int) -> datetime:
    return datetime.combine(
        first.date() + timedelta(days=days), first.timetz().replace(tzinfo=None), first.tzinfo
    )


def _in_seconds(length: int, first: float, at: float) -> Turn:
    number = int((at - first) // length)
    return Turn(number, first + number * length, first + (number + 1) * length)

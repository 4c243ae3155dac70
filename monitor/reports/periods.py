"""Which day, week or month a report is of, and when it is due: by the clocks of the business's time zone.

Pure. A day is from midnight to midnight there, 23 or 25 hours long twice a year. A time of day that summer time leaves out
is that long after the last one before; of one that comes twice, the first is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.reports.models import Kind
from strategy.model.following_up import Digest

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Period:
    """Times are seconds since 1970; `until` itself is no longer in it. `name` is its address."""

    kind: Kind
    name: str
    since: float
    until: float
    due: float


def latest_due(kind: Kind, digest: Digest, zone: ZoneInfo, now: float) -> Period:
    """The last one whose time has come at `now`."""
    today = datetime.fromtimestamp(now, zone).date()
    # A month and a day back is far enough for each kind.
    for back in range(33):
        period = _due_on(kind, digest, zone, today - timedelta(days=back))
        if period is not None and period.due <= now:
            return period
    raise AssertionError(f"No {kind} report is ever due.")  # every kind is due once a month


def period_named(kind: Kind, name: str, digest: Digest, zone: ZoneInfo) -> Period | None:
    """None for what names none of this kind."""
    try:
        day = date.fromisoformat(f"{name}-01" if kind == Kind.MONTHLY else name)
        if kind == Kind.DAILY:
            day += timedelta(days=1)
        elif kind == Kind.MONTHLY:
            following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
            day = following.replace(day=digest.monthly_report_day)
        found = _due_on(kind, digest, zone, day)
    except (ValueError, OverflowError):
        return None
    return found if found is not None and found.name == name else None


def _due_on(kind: Kind, digest: Digest, zone: ZoneInfo, day: date) -> Period | None:
    """What is due on a day; None when nothing of the kind is."""
    yesterday = day - timedelta(days=1)
    if kind == Kind.DAILY:
        return Period(
            kind, yesterday.isoformat(), _at(yesterday, zone), _at(day, zone), _at(day, zone, digest.at)
        )
    if kind == Kind.TRIAGE:
        due = _at(day, zone, digest.triage_at)
        return Period(kind, day.isoformat(), _at(yesterday, zone), due, due)
    if kind == Kind.WEEKLY:
        if _DAYS[day.weekday()] != digest.weekly_review_day:
            return None
        first = day - timedelta(days=7)
        due = _at(day, zone, digest.weekly_review_at)
        return Period(kind, day.isoformat(), _at(first, zone), _at(day, zone), due)
    if day.day != digest.monthly_report_day:
        return None
    last_month = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
    return Period(
        kind,
        last_month.isoformat()[:7],
        _at(last_month, zone),
        _at(day.replace(day=1), zone),
        _at(day, zone, digest.at),
    )


def before(period: Period, zone: ZoneInfo) -> tuple[float, float]:
    """The same length of calendar before it: the day, week or month that it is compared with."""
    first = datetime.fromtimestamp(period.since, zone).date()
    if period.kind == Kind.MONTHLY:
        start = (first - timedelta(days=1)).replace(day=1)
    else:
        start = first - timedelta(days=7 if period.kind == Kind.WEEKLY else 1)
    return _at(start, zone), period.since


def _at(day: date, zone: ZoneInfo, clock: str = "00:00") -> float:
    return datetime.combine(day, time.fromisoformat(clock), zone).timestamp()

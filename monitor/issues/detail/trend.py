"""How often, hour by hour and day by day, in the reader's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from monitor.issues.models import Issue, IssueHour

HOURS = 24
DAYS = 30
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Trend:
    """Values with the beginning of what each stands for."""

    hours: list[int]
    hour_labels: list[datetime]
    days: list[int]
    day_labels: list[datetime]

    @property
    def last_24_hours(self) -> int:
        return sum(self.hours)

    @property
    def last_30_days(self) -> int:
        return sum(self.days)


def trend_of(issue: Issue, *, now: datetime, zone: tzinfo) -> Trend:
    """Days begin at midnight in `zone`; where that is not on an hour, the hour counts for the day in which it begins."""
    this_hour = int(now.timestamp()) // _HOUR_S
    today = now.astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    first = datetime.combine(dates[0], datetime.min.time(), zone)
    first_hour = int(first.timestamp()) // _HOUR_S
    times = dict(
        IssueHour.objects.filter(issue=issue, hour__gte=min(first_hour, this_hour - HOURS)).values_list(
            "hour", "times"
        )
    )
    by_day = dict.fromkeys(dates, 0)
    for hour, number in times.items():
        date = datetime.fromtimestamp(hour * _HOUR_S, zone).date()
        if date in by_day:
            by_day[date] += number
    hours = range(this_hour - HOURS + 1, this_hour + 1)
    return Trend(
        hours=[times.get(hour, 0) for hour in hours],
        hour_labels=[datetime.fromtimestamp(hour * _HOUR_S, UTC) for hour in hours],
        days=list(by_day.values()),
        day_labels=[datetime.combine(date, datetime.min.time(), zone) for date in dates],
    )

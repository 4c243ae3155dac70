"""What the month will come to, against what the strategy plans for."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F, Sum

from monitor.projects.models import Project
from monitor.stats.models import OutcomeCount
from monitor.stats.outcomes import ACCEPTED

ERROR_CATEGORIES = ("default", "error", "security")
"""Sentry's data categories that the quota speaks of: errors, messages, reports of browsers."""
DAY_MINUTES = 1440
_FORECAST_DAYS = 7


@dataclass(frozen=True)
class Quota:
    """Errors of this month (UTC) against what the strategy plans for; `forecast` is the month as a whole."""

    used: int
    quota: int
    forecast: int
    days: list[datetime]
    by_day: list[int]
    by_project: list[tuple[Project, int]]
    full_on: datetime | None

    @property
    def share(self) -> float:
        return self.used / self.quota if self.quota else 0.0

    @property
    def a_day(self) -> float:
        """What the quota allows on each day."""
        return self.quota / calendar.monthrange(self.days[-1].year, self.days[-1].month)[1]


def quota(projects: Sequence[Project], monthly: int, *, now: datetime | None = None) -> Quota:
    """As it stood at `now`. The forecast is what was used, and for the rest of the month as much a day as in the last
    seven days."""
    now = now or datetime.now(UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=ago) for ago in range(29, -1, -1)]
    first = min(days[0], today.replace(day=1))
    rows = OutcomeCount.objects.filter(
        project_id__in=[one.pk for one in projects],
        minute__gte=int(first.timestamp()) // 60,
        minute__lte=int(now.timestamp()) // 60,
        outcome=ACCEPTED,
        category__in=ERROR_CATEGORIES,
    )
    by_day: dict[int, int] = {}
    by_project: dict[int, int] = {}
    this_month = int(today.replace(day=1).timestamp()) // 86400
    for project, day, amount in rows.values_list("project_id", F("minute") / DAY_MINUTES).annotate(
        Sum("quantity")
    ):
        by_day[day] = by_day.get(day, 0) + amount
        if day >= this_month:
            by_project[project] = by_project.get(project, 0) + amount
    used = sum(by_project.values())
    a_day = _lately(by_day, now)
    left_days = calendar.monthrange(now.year, now.month)[1] - now.day + 1 - _share_of_day(now)
    forecast = round(used + a_day * left_days)
    return Quota(
        used=used,
        quota=monthly,
        forecast=forecast,
        days=days,
        by_day=[by_day.get(int(day.timestamp()) // 86400, 0) for day in days],
        by_project=sorted(((one, by_project.get(one.pk, 0)) for one in projects), key=lambda pair: -pair[1]),
        full_on=_full_on(used, monthly, a_day, now) if used < monthly < forecast else None,
    )


def _share_of_day(now: datetime) -> float:
    return (now.hour * 60 + now.minute) / DAY_MINUTES


def _lately(by_day: dict[int, int], now: datetime) -> float:
    """Events a day, over the days since the first of the last seven that has any."""
    today = int(now.timestamp()) // 86400
    known = [day for day in range(today - _FORECAST_DAYS + 1, today + 1) if by_day.get(day)]
    if not known:
        return 0.0
    whole = today - known[0] + _share_of_day(now)
    return sum(by_day[day] for day in known) / max(whole, 1 / 24)


def _full_on(used: int, monthly: int, a_day: float, now: datetime) -> datetime:
    return now + timedelta(days=(monthly - used) / a_day)

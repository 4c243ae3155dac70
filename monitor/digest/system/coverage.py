"""How many events have a category: what has none is seen by no rule and owned by nobody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F, Sum

from monitor.projects.models import Project
from monitor.stats.models import EventCount

UNCATEGORISED = frozenset({"", "uncategorised"})
_HOUR, _DAY = 60, 1440


@dataclass(frozen=True)
class Coverage:
    """Share of events that have a category (B6); None while there is no event."""

    share: float | None
    goal: float
    total: int
    uncategorised: int
    hours: list[datetime]
    by_hour: list[float | None]

    @property
    def is_met(self) -> bool:
        return self.share is None or self.share >= self.goal


def coverage(
    projects: Sequence[Project], goal: float, *, since: datetime, until: datetime, environment: str = ""
) -> Coverage:
    """By the events' own time, minutes in which the time has a part; a minute that begins at `until` has none.

    The course is in steps of an hour, of a day for more than three days.
    """
    step = _HOUR if until - since <= timedelta(days=3) else _DAY
    begin, end = int(since.timestamp()) // 60, math.ceil(until.timestamp() / 60)
    first, last = begin // step, max(end - 1, begin) // step
    rows = EventCount.objects.filter(
        project__in=[one.pk for one in projects], minute__gte=begin, minute__lt=end
    )
    if environment:
        rows = rows.filter(environment=environment)
    places = last - first + 1
    totals, without = [0] * places, [0] * places
    grouped = rows.values_list(F("minute") / step, "category").annotate(Sum("times"))
    for place, category, times in grouped:
        totals[place - first] += times
        if category in UNCATEGORISED:
            without[place - first] += times
    total, uncategorised = sum(totals), sum(without)
    return Coverage(
        share=(total - uncategorised) / total if total else None,
        goal=goal,
        total=total,
        uncategorised=uncategorised,
        hours=[datetime.fromtimestamp((first + i) * step * 60, UTC) for i in range(places)],
        by_hour=[(t - w) / t if t else None for t, w in zip(totals, without, strict=True)],
    )

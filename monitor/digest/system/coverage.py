"""How many events have a category: what has none is seen by no rule and owned by nobody."""

from __future__ import annotations

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
    """By the events' own time; in steps of an hour, of a day for more than three days."""
    step = _HOUR if until - since <= timedelta(days=3) else _DAY
    first, last = (int(moment.timestamp()) // 60 // step for moment in (since, until))
    rows = EventCount.objects.filter(
        project__in=[one.pk for one in projects], minute__gte=first * step, minute__lt=(last + 1) * step
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

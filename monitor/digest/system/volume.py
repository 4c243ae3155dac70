"""How much was sent, what became of it and why, and what the month will come to."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import F, Sum

from monitor.projects.models import Project
from monitor.stats.models import EventCount, OutcomeCount
from monitor.stats.outcomes import (
    ACCEPTED,
    CLIENT_DISCARD,
    DIGESTED,
    DUPLICATE,
    NOT_KEPT,
    POISON,
    REFUSED,
    SAMPLED,
)

ERROR_CATEGORIES = ("default", "error", "security")
"""Sentry's data categories that the quota speaks of: errors, messages, reports of browsers."""
UNKNOWN_PROJECT = 0
UNCATEGORISED = frozenset({"", "uncategorised"})
DAY_MINUTES = 1440
_FRESH_S = 30
_FORECAST_DAYS = 7

OUTCOME_WORDS = {
    ACCEPTED: "taken",
    DIGESTED: "stored",
    SAMPLED: "counted, payload left out in a flood",
    DUPLICATE: "came again, counted before",
    NOT_KEPT: "counted, of a kind that is not kept",
    REFUSED: "refused",
    POISON: "set aside, could not be digested",
    CLIENT_DISCARD: "dropped by the client itself",
}
REASON_WORDS = {
    "missing_auth": "no key",
    "bad_auth": "a key that cannot be read",
    "bad_project": "no project number",
    "unknown_key": "an unknown key",
    "wrong_project": "another project's key",
    "disabled_key": "a key that is switched off",
    "forbidden_origin": "an origin that is not allowed",
    "too_large": "too large",
    "too_slow": "not whole in time",
    "rate_limited": "rate limit",
    "spool_full": "the spool was full",
    "spool_unavailable": "the spool could not be written",
    "overloaded": "too many large bodies at once",
    "internal": "a fault of the monitor",
    "sample_rate": "sampled by the client",
    "before_send": "left out by before_send",
    "event_processor": "left out by an event processor",
    "network_error": "the network failed",
    "queue_overflow": "its queue was full",
    "ratelimit_backoff": "it was waiting out a rate limit",
}


@dataclass(frozen=True)
class Row:
    """So much of a project and category met with an outcome, for a reason, in the last day and in 30."""

    outcome: str
    project: Project | None
    category: str
    reason: str
    day: int
    month: int

    @property
    def outcome_words(self) -> str:
        return OUTCOME_WORDS.get(self.outcome, self.outcome)

    @property
    def reason_words(self) -> str:
        return REASON_WORDS.get(self.reason, self.reason.replace("_", " "))


@dataclass(frozen=True)
class Volume:
    """All outcomes of 30 days. `lost` is what nobody will ever see, `discarded` what clients kept back."""

    rows: list[Row]

    @property
    def lost(self) -> list[Row]:
        return [row for row in self.rows if row.outcome in {REFUSED, POISON, NOT_KEPT}]

    @property
    def discarded(self) -> list[Row]:
        return [row for row in self.rows if row.outcome == CLIENT_DISCARD]

    @property
    def by_outcome(self) -> list[tuple[str, int, int]]:
        """Words, in a day, in 30."""
        return [
            (words, sum(r.day for r in found), sum(r.month for r in found))
            for outcome, words in OUTCOME_WORDS.items()
            if (found := [row for row in self.rows if row.outcome == outcome])
        ]


def volume(projects: Sequence[Project], *, with_unknown: bool, now: datetime | None = None) -> Volume:
    """At most half a minute old: 30 days are many rows. `with_unknown`: also what came without a known key."""
    now = now or datetime.now(UTC)
    ids = [project.pk for project in projects] + ([UNKNOWN_PROJECT] if with_unknown else [])
    minute = int(now.timestamp()) // 60
    key = f"system-volume:{minute * 60 // _FRESH_S}:{','.join(map(str, sorted(ids)))}"
    counted = cache.get(key)
    if counted is None:
        counted = _counted(ids, minute)
        cache.set(key, counted, _FRESH_S)
    named = {project.pk: project for project in projects}
    rows = [
        Row(outcome, named.get(project), category, reason, day, month)
        for (project, outcome, category, reason), (day, month) in counted.items()
    ]
    return Volume(sorted(rows, key=lambda row: (-row.day, -row.month)))


def _counted(ids: list[int], minute: int) -> dict[tuple[Any, ...], tuple[int, int]]:
    names = ("project_id", "outcome", "category", "reason")
    rows = OutcomeCount.objects.filter(project_id__in=ids)
    month = _sums(rows.filter(minute__gt=minute - 30 * DAY_MINUTES), names)
    day = _sums(rows.filter(minute__gt=minute - DAY_MINUTES), names)
    return {key: (day.get(key, 0), total) for key, total in month.items()}


def _sums(rows: Any, names: Iterable[str]) -> dict[tuple[Any, ...], int]:
    names = tuple(names)
    return {tuple(row[:-1]): row[-1] for row in rows.values_list(*names).annotate(Sum("quantity"))}


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
    """The forecast is what was used, and for the rest of the month as much a day as in the last seven days."""
    now = now or datetime.now(UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=ago) for ago in range(29, -1, -1)]
    first = min(days[0], today.replace(day=1))
    rows = OutcomeCount.objects.filter(
        project_id__in=[one.pk for one in projects],
        minute__gte=int(first.timestamp()) // 60,
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
    step = 60 if until - since <= timedelta(days=3) else DAY_MINUTES
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


def traffic(
    projects: Sequence[Project], *, since: datetime, until: datetime, with_unknown: bool
) -> tuple[list[datetime], dict[str, list[int]]]:
    """What was taken and what was not, in steps of ten minutes, an hour or a day."""
    length = until - since
    step = 10 if length <= timedelta(hours=6) else 60 if length <= timedelta(days=3) else DAY_MINUTES
    first, last = (int(moment.timestamp()) // 60 // step for moment in (since, until))
    ids = [one.pk for one in projects] + ([UNKNOWN_PROJECT] if with_unknown else [])
    shown = {ACCEPTED: "taken", REFUSED: "refused", POISON: "set aside"}
    series = {words: [0] * (last - first + 1) for words in shown.values()}
    rows = OutcomeCount.objects.filter(
        project_id__in=ids, outcome__in=shown, minute__gte=first * step, minute__lt=(last + 1) * step
    ).values_list(F("minute") / step, "outcome")
    for place, outcome, amount in rows.annotate(Sum("quantity")):
        series[shown[outcome]][place - first] += amount
    labels = [datetime.fromtimestamp((first + i) * step * 60, UTC) for i in range(last - first + 1)]
    return labels, {name: values for name, values in series.items() if name == "taken" or any(values)}

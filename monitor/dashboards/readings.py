"""Figures that several panels show, each read once for a look."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Sum

from monitor.dashboards.look import Look
from monitor.issues.models import IssueHour, IssueTag
from monitor.metrics.courses import Course, courses
from monitor.metrics.selectors import REQUESTS, Share, Step, error_rate, is_failed, points
from monitor.metrics.sketch import Sketch, merged
from monitor.performance.figures import groups_of, sketches_of
from monitor.performance.scope import Scope
from monitor.releases.figures import Scope as ReleaseScope
from monitor.releases.models import Deploy, ReleaseHour
from monitor.releases.selectors import DEPLOYS_MAX, deploys_of
from monitor.stats.models import EventCount

ERROR_LEVELS = ("error", "fatal")
CRITICAL = ("P0", "P1")
Event = tuple[str, str]
"""Severity and category."""


@dataclass(frozen=True)
class Events:
    """Errors, exact, by severity and category: one number for each step of the look."""

    series: dict[Event, list[int]]
    places: int

    def of(self, wanted: Callable[[Event], bool]) -> list[int]:
        """Step by step."""
        chosen = [values for key, values in self.series.items() if wanted(key)]
        return [sum(each) for each in zip(*chosen, strict=True)] if chosen else [0] * self.places

    def of_severity(self, severity: str) -> list[int]:
        """Step by step."""
        return self.of(lambda key: key[0] == severity)

    def total(self, wanted: Callable[[Event], bool] = lambda _: True) -> int:
        return sum(sum(values) for key, values in self.series.items() if wanted(key))


def events(look: Look) -> Events:
    """Errors by the time at which they happened; from monitor.stats."""
    return look.once("events", lambda: _events(look))


def event_counts(look: Look, *, errors_only: bool = True) -> QuerySet[EventCount]:
    """Of the minutes in which the time has a part; a minute that begins at its end has none."""
    first, last = int(look.since // 60), math.ceil(look.until / 60)
    rows = EventCount.objects.filter(project__in=look.ids, minute__gte=first, minute__lt=last)
    if errors_only:
        rows = rows.filter(level__in=ERROR_LEVELS)
    return rows.filter(environment=look.environment) if look.environment else rows


def _events(look: Look) -> Events:
    per = look.step // 60
    rows = event_counts(look)
    grouped = rows.values_list(F("minute") / per, "severity", "category").annotate(Sum("times"))
    series: dict[Event, list[int]] = {}
    places = len(look.starts)
    for place, severity, category, times in grouped:
        values = series.setdefault((severity, category), [0] * places)
        values[look.place_of(place * look.step)] += times
    return Events(series, places)


def types(look: Look) -> list[tuple[str, int]]:
    """Types of errors with their events, the most first: by the hours in which the time has a part, of issues that were
    seen in the environment."""
    return look.once("types", lambda: _types(look))


def _types(look: Look) -> list[tuple[str, int]]:
    hours = IssueHour.objects.filter(
        hour__gte=int(look.since // 3600),
        hour__lt=math.ceil(look.until / 3600),
        issue__project__in=look.ids,
        issue__level__in=ERROR_LEVELS,
    )
    if look.environment:
        seen = IssueTag.objects.filter(
            issue=OuterRef("issue"), tag__key="environment", tag__value=look.environment
        )
        hours = hours.filter(Exists(seen))
    found = hours.values_list("issue__type").annotate(times=Sum("times")).order_by("-times", "issue__type")
    return list(found)


def requests(look: Look) -> Course:
    """By status."""
    return look.once(
        "requests", lambda: courses(look.where, REQUESTS, look.since, look.until, look.step, by=("status",))
    )


def answered(look: Look) -> Share:
    """Requests that were not answered with 5xx, of all."""
    return look.once("answered", lambda: error_rate(look.where, look.since, look.until))


def failed_shares(look: Look) -> list[float | None]:
    """The share of requests answered with 5xx in each step; None where there were none."""
    course = requests(look)
    failed = course.of(lambda key: is_failed(key[0]))
    return [bad / all_ if all_ else None for bad, all_ in zip(failed, course.total, strict=True)]


@dataclass(frozen=True)
class Durations:
    """Of requests, in milliseconds: p95 of each step of the look, and of the whole of it."""

    p50: float | None
    p95: float | None
    count: int
    course: list[float | None]


def durations(look: Look) -> Durations:
    """From transactions, of which the SDK samples a share."""
    return look.once("durations", lambda: _durations(look))


def _scope(look: Look) -> Scope:
    """Buckets no longer than the look's steps, as far as they are kept."""
    minutes = 5 if look.step < 3600 else 60 if look.step < 86_400 else 1440
    first, last = look.starts[0] // 60, (look.starts[-1] + look.step) // 60
    return Scope(look.ids, look.environment, minutes, first // minutes * minutes, last)


def _whole_scope(look: Look) -> Scope:
    """What the page of transactions shows of the same time."""
    return Scope.of(look.ids, look.environment, look.since_moment, look.until_moment)


def _durations(look: Look) -> Durations:
    groups = groups_of(look.ids, environment=look.environment, is_task=False)
    steps: dict[int, Sketch] = {}
    for _, minute, _, data in sketches_of(groups, _scope(look)):
        place = look.place_of(minute * 60)
        steps.setdefault(place, Sketch()).merge_bytes(data)
    course: list[float | None] = [None] * len(look.starts)
    for place, sketch in steps.items():
        course[place] = sketch.quantile(0.95)
    whole = merged(data for *_, data in sketches_of(groups, _whole_scope(look)))
    p50, p95 = whole.quantiles((0.5, 0.95))
    return Durations(p50, p95, whole.count, course)


def p95_before(look: Look) -> float | None:
    """Of the time before."""
    before = look.before
    groups = groups_of(before.ids, environment=before.environment, is_task=False)
    return merged(data for *_, data in sketches_of(groups, _scope(before))).quantile(0.95)


def gauge(look: Look, name: str) -> list[Step]:
    """A gauge, step by step."""
    return look.once(f"gauge {name}", lambda: points(look.where, name, look.since, look.until, look.step))


@dataclass(frozen=True, slots=True)
class Sessions:
    """How many, and how many met an error, crashed or ended abnormally."""

    total: int
    bad: int

    @property
    def bad_share(self) -> float | None:
        return self.bad / self.total if self.total else None


def sessions(look: Look) -> Sessions:
    """By the hours in which the time has a part."""
    return look.once("sessions", lambda: _sessions(look))


def session_rows(look: Look) -> Any:
    rows = ReleaseHour.objects.filter(
        project__in=look.ids, hour__gte=int(look.since // 3600), hour__lte=int(look.until // 3600)
    )
    return rows.filter(environment=look.environment) if look.environment else rows


def _sessions(look: Look) -> Sessions:
    found = session_rows(look).aggregate(
        total=Sum("sessions"), bad=Sum("errored") + Sum("crashed") + Sum("abnormal")
    )
    return Sessions(found["total"] or 0, found["bad"] or 0)


def deploys(look: Look) -> list[Deploy]:
    """Of releases of these projects in the time, the newest first."""
    return look.once("deploys", lambda: _deploys(look))


def _deploys(look: Look) -> list[Deploy]:
    found = deploys_of(ReleaseScope(look.ids, look.environment, look.since_moment, look.until_moment))
    return list(found.select_related("release")[:DEPLOYS_MAX])


def deploy_marks(look: Look) -> list[tuple[float, str]]:
    """For a chart: where on the axis each deploy stands, from 0 to 1, and what it was."""
    length = len(look.starts) * look.step
    return [
        ((one.finished_at.timestamp() - look.starts[0]) / length, f"Deploy of {one.release.version}")
        for one in deploys(look)
    ]

"""How many there were of what an objective promises, and how many broke it: from what is stored, never from samples
where there are exact counts. Which count each measure comes from, and how finely it is kept, is in docs/monitor/slos.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Sum

from monitor.digest.sql import as_json, database
from monitor.metrics.courses import courses
from monitor.metrics.selectors import (
    FEATURE_USES,
    REQUESTS,
    Share,
    Where,
    error_rate,
    is_failed,
    sums,
)
from monitor.metrics.selectors import feature_success as success_of
from monitor.metrics.sketch import Sketch
from monitor.performance.apdex import apdex_t_ms
from monitor.performance.figures import groups_of, sketches_of
from monitor.performance.keeping import FINE_S
from monitor.performance.scope import Scope
from monitor.releases.models import ReleaseHour
from strategy.model.service_levels import Slo

HOUR_S, DAY_S = 3600, 86_400
_FINE_MINUTES, _HOUR_MINUTES, _DAY_MINUTES = 5, 60, 1440
_FINE_UP_TO_S = 3 * HOUR_S
_HOURS_UP_TO_S = 31 * DAY_S


@dataclass(frozen=True)
class Course:
    """`starts` are seconds since 1970, of steps of `step` seconds."""

    step: int
    starts: list[int]
    total: list[float]
    bad: list[float]


def count(slo: Slo, where: Where, since: float, until: float) -> Share:
    """From `since` to `until`, in seconds since 1970; what is kept more coarsely counts when it has a part in it."""
    return _COUNTS[slo.measures](slo, where, since, until)


def course(slo: Slo, where: Where, since: float, until: float, step: int) -> Course:
    """The same over time. The first and the last step are whole ones, and may reach beyond."""
    return _COURSES[slo.measures](slo, where, since, until, step)


# Requests and uses of features: sums by the minute, the hour and the day (monitor.metrics)


def _requests(slo: Slo, where: Where, since: float, until: float) -> Share:
    if not slo.features:
        return error_rate(where, since, until)
    uses = sums(where, FEATURE_USES, since, until, by=("outcome",), feature=slo.features)
    total = sum(uses.values())
    return Share(total - uses.get(("failed",), 0.0), total)


def _requests_course(slo: Slo, where: Where, since: float, until: float, step: int) -> Course:
    if slo.features:
        return _uses_course(slo, where, since, until, step, counted=("ok", "refused", "failed"))
    found = courses(where, REQUESTS, since, until, step, by=("status",))
    return Course(found.step, found.starts, found.total, found.of(lambda key: is_failed(key[0])))


def _uses(slo: Slo, where: Where, since: float, until: float) -> Share:
    return success_of(where, slo.features, since, until)


def _uses_course(
    slo: Slo,
    where: Where,
    since: float,
    until: float,
    step: int,
    counted: tuple[str, ...] = ("ok", "failed"),
) -> Course:
    found = courses(where, FEATURE_USES, since, until, step, by=("outcome",), feature=slo.features)
    return Course(
        found.step,
        found.starts,
        found.of(lambda key: key[0] in counted),
        found.of(lambda key: key[0] == "failed"),
    )


# Sessions: sums by the hour (monitor.releases)


def _session_rows(where: Where, first: int, last: int) -> Any:
    rows = ReleaseHour.objects.filter(project__in=where.projects, hour__gte=first, hour__lt=last)
    if where.environment:
        rows = rows.filter(environment=where.environment)
    return rows.filter(release__version=where.release) if where.release else rows


_MET_AN_ERROR = Sum("errored") + Sum("crashed") + Sum("abnormal")


def _sessions(slo: Slo, where: Where, since: float, until: float) -> Share:
    rows = _session_rows(where, int(since // HOUR_S), math.ceil(until / HOUR_S))
    found = rows.aggregate(total=Sum("sessions"), bad=_MET_AN_ERROR)
    total = float(found["total"] or 0)
    return Share(total - float(found["bad"] or 0), total)


def _sessions_course(slo: Slo, where: Where, since: float, until: float, step: int) -> Course:
    per = max(step // HOUR_S, 1)
    first, last = int(since // (per * HOUR_S)), math.ceil(until / (per * HOUR_S))
    total, bad = [0.0] * (last - first), [0.0] * (last - first)
    rows = _session_rows(where, first * per, last * per).values_list(F("hour") / per)
    for place, sessions, errors in rows.annotate(Sum("sessions"), bad=_MET_AN_ERROR):
        total[place - first] += sessions
        bad[place - first] += errors
    return Course(per * HOUR_S, [place * per * HOUR_S for place in range(first, last)], total, bad)


# Durations: what was sampled, by five minutes, hours and days (monitor.performance)


def _durations(slo: Slo, where: Where, since: float, until: float) -> Share:
    minutes = _step_for(since, until)
    first, last = int(since // 60) // minutes, math.ceil(until / 60 / minutes)
    rows = list(_quick(slo, where, minutes, first * minutes, last * minutes))
    return Share(sum(quick for _, _, quick in rows), sum(number for _, number, _ in rows))


def _durations_course(slo: Slo, where: Where, since: float, until: float, step: int) -> Course:
    minutes = _step_for(since, until)
    minutes = _DAY_MINUTES if step >= DAY_S else minutes
    per = max(step // 60 // minutes, 1) * minutes
    first, last = int(since // 60) // per, math.ceil(until / 60 / per)
    total, bad = [0.0] * (last - first), [0.0] * (last - first)
    for minute, number, quick in _quick(slo, where, minutes, first * per, last * per):
        total[minute // per - first] += number
        bad[minute // per - first] += number - quick
    return Course(per * 60, [place * per * 60 for place in range(first, last)], total, bad)


def _step_for(since: float, until: float) -> int:
    if until - since <= _FINE_UP_TO_S and until - since <= FINE_S:
        return _FINE_MINUTES
    return _HOUR_MINUTES if until - since <= _HOURS_UP_TO_S else _DAY_MINUTES


def _quick(slo: Slo, where: Where, step: int, first: int, last: int) -> Iterator[tuple[int, float, float]]:
    """Minute, how many pages, and how many of them were quick enough."""
    within_ms = (slo.latency_s or 0.0) * 1000
    groups = groups_of(where.projects, environment=where.environment, is_task=False)
    if within_ms == apdex_t_ms():
        # Counted as they came, so no sketch need be read.
        yield from database().execute(
            "SELECT minute, sum(count), sum(quick) FROM performance_transactionbucket"
            " INDEXED BY transactions_by_time WHERE step = ? AND minute >= ? AND minute < ?"
            " AND group_id IN (SELECT value FROM json_each(?)) GROUP BY minute",
            (step, first, last, as_json(groups)),
        )
        return
    by_minute: dict[int, Sketch] = {}
    scope = Scope(where.projects, where.environment, step, first, last)
    for _, minute, _, data in sketches_of(groups, scope):
        by_minute.setdefault(minute, Sketch()).merge_bytes(data)
    for minute, sketch in by_minute.items():
        yield minute, sketch.count, sketch.count_up_to(within_ms)


_COUNTS: dict[str, Callable[[Slo, Where, float, float], Share]] = {
    "availability": _requests,
    "feature_success": _uses,
    "error_free_sessions": _sessions,
    "latency": _durations,
}
_COURSES: dict[str, Callable[[Slo, Where, float, float, int], Course]] = {
    "availability": _requests_course,
    "feature_success": _uses_course,
    "error_free_sessions": _sessions_course,
    "latency": _durations_course,
}

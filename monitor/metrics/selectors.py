"""Figures for alerts, objectives, roll-back and dashboards: from exact sums, never from samples.

    where = Where([project.pk], environment="production", release="shop@1.2.0")
    requests_by(where, since, until, by=("route", "status"))      {("projects/", "200"): 812.0, …}
    error_rate(where, since, until).share                         0.0013, None without requests
    feature_success(where, ["data"], since, until).share          0.997
    ratio(where, "cache_hit_ratio", since, until)                 good look-ups of all
    rate(where, "failed_logins", since, until, step=60)           sums of each minute
    latest(where, "queue_age")                                    the newest of each gauge

`since` and `until` are moments or seconds since 1970; a minute counts when it has a part in the stretch. Whole hours are
read as such, and minutes at both ends only, as long as they are kept (monitor.metrics.tiers); before that, hours or days.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from monitor.digest.sql import as_json, database
from monitor.metrics.sketch import merged
from monitor.metrics.tiers import stretches, tier_for

REQUESTS, TASKS, FEATURE_USES = "requests", "tasks", "feature_uses"
"""What core/sentry/denominators.py counts: by route and status, by task and outcome, by feature and outcome."""
RATIOS = {"cache_hit_ratio": ("cache_lookups", "outcome", "hit")}
"""Shares that are made of a counter: its name, a label, and the value of that label that is good."""
_SERVER_ERROR = 500

Moment = datetime | float
Values = str | Sequence[str]


@dataclass(frozen=True)
class Where:
    """What is counted. An empty environment or release means all of them."""

    projects: Sequence[int]
    environment: str = ""
    release: str = ""

    def series(self, name: str, labels: Mapping[str, Values]) -> tuple[str, list[Any]]:
        """A condition on metrics_metricseries s, and its parameters."""
        parts = ["s.project_id IN (SELECT value FROM json_each(?))", "s.name = ?"]
        values: list[Any] = [as_json(list(self.projects)), name]
        for column, wanted in (("environment", self.environment), ("release", self.release)):
            if wanted:
                parts.append(f"s.{column} = ?")
                values.append(wanted)
        for label, allowed in labels.items():
            parts.append("json_extract(s.labels, ?) IN (SELECT value FROM json_each(?))")
            values += [_path(label), as_json([allowed] if isinstance(allowed, str) else list(allowed))]
        return " AND ".join(parts), values


@dataclass(frozen=True, slots=True)
class Share:
    """So many good ones of so many."""

    good: float
    total: float

    @property
    def bad(self) -> float:
        return self.total - self.good

    @property
    def share(self) -> float | None:
        """Of the good ones; None when there was nothing."""
        return self.good / self.total if self.total else None

    @property
    def bad_share(self) -> float | None:
        return self.bad / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Latest:
    """A gauge as it stood. `at` is seconds since 1970."""

    labels: Mapping[str, str]
    value: float
    at: float
    unit: str


def sums(
    where: Where,
    name: str,
    since: Moment,
    until: Moment,
    /,
    *,
    by: Sequence[str] = (),
    **labels: Values,
) -> dict[tuple[str, ...], float]:
    """What a metric adds up to, by the labels in `by` ("" where a series has none of it); `release`, `environment`
    and `project` (its key) may stand in `by`, too. `labels` narrow it: `status="500"`, `route=["a/", "b/"]`."""
    return _added_up(where, name, since, until, by, labels, "total")


def numbers(
    where: Where,
    name: str,
    since: Moment,
    until: Moment,
    /,
    *,
    by: Sequence[str] = (),
    **labels: Values,
) -> dict[tuple[str, ...], float]:
    """The same of how often it was measured."""
    return _added_up(where, name, since, until, by, labels, "count")


def _added_up(
    where: Where,
    name: str,
    since: Moment,
    until: Moment,
    by: Sequence[str],
    labels: Mapping[str, Values],
    column: str,
) -> dict[tuple[str, ...], float]:
    condition, values = where.series(name, labels)
    columns = [column_of(label) for label in by]
    chosen = "".join(f"{expression}, " for expression, _ in columns)
    paths = [path for _, path in columns if path is not None]
    found: dict[tuple[str, ...], float] = {}
    for part in stretches(seconds_of(since), seconds_of(until)):
        tier = part.tier
        statement = (
            f"SELECT {chosen}sum(p.{column}) FROM metrics_metricseries s CROSS JOIN {tier.table} p ON p.series_id = s.id"  # noqa: S608
            f" WHERE {condition} AND p.{tier.column} >= ? AND p.{tier.column} < ?"
            f"{' GROUP BY ' + ', '.join(str(n + 1) for n in range(len(by))) if by else ''}"
        )
        for *key, total in database().execute(statement, (*paths, *values, part.first, part.last)):
            if total is not None:
                place = tuple(str(part or "") for part in key)
                found[place] = found.get(place, 0.0) + total
    return found


def total(where: Where, name: str, since: Moment, until: Moment, /, **labels: Values) -> float:
    """All of a metric; 0 for one that nobody sends."""
    return sums(where, name, since, until, **labels).get((), 0.0)


def requests_by(
    where: Where, since: Moment, until: Moment, *, by: Sequence[str] = ("route",), **labels: Values
) -> dict[tuple[str, ...], float]:
    """Requests, all that were answered: by route, status, release or environment."""
    return sums(where, REQUESTS, since, until, by=by, **labels)


def error_rate(where: Where, since: Moment, until: Moment, **labels: Values) -> Share:
    """Requests that were not answered with a 5xx, of all. `labels` may name routes."""
    by_status = requests_by(where, since, until, by=("status",), **labels)
    everything = sum(by_status.values())
    failed = sum(number for (status,), number in by_status.items() if is_failed(status))
    return Share(everything - failed, everything)


def is_failed(status: str) -> bool:
    """Whether a request's status is the server's fault."""
    return status.isdigit() and int(status) >= _SERVER_ERROR


def feature_success(
    where: Where, features: Sequence[str], since: Moment, until: Moment, **labels: Values
) -> Share:
    """Uses of features that worked, of those that worked or failed. What was refused (the user's to mend) is neither."""
    by_outcome = sums(where, FEATURE_USES, since, until, by=("outcome",), feature=features, **labels)
    worked = by_outcome.get(("ok",), 0.0)
    return Share(worked, worked + by_outcome.get(("failed",), 0.0))


def task_success(where: Where, since: Moment, until: Moment, **labels: Values) -> Share:
    """The same of tasks; `labels` may name them: `task="experiments.tasks.train"`."""
    by_outcome = sums(where, TASKS, since, until, by=("outcome",), **labels)
    worked = by_outcome.get(("ok",), 0.0)
    return Share(worked, worked + by_outcome.get(("failed",), 0.0))


def ratio(where: Where, name: str, since: Moment, until: Moment, **labels: Values) -> Share:
    """A share that the application measures: made of counts where RATIOS knows them, otherwise the mean of a gauge of
    that name, whose `total` is then how often it was measured."""
    if name in RATIOS:
        counter, label, good = RATIOS[name]
        counted = sums(where, counter, since, until, by=(label,), **labels)
        return Share(counted.get((good,), 0.0), sum(counted.values()))
    step = max(int(seconds_of(until) - seconds_of(since)), 60)
    steps = points(where, name, since, until, step, **labels)
    return Share(sum(one.total for one in steps), float(sum(one.count for one in steps)))


def rate(
    where: Where, name: str, since: Moment, until: Moment, step: int = 60, **labels: Values
) -> list[float]:
    """Sums of each step of so many seconds, the oldest first; 0 where nothing came. Steps begin at its multiples.

    A step is at least as long as the points that are kept of the time: see `tier_for`.
    """
    return [point.total for point in points(where, name, since, until, step, **labels)]


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of time, from `start` (seconds since 1970). Without any figure, all but `total` are None."""

    start: float
    total: float = 0.0
    count: int = 0
    low: float | None = None
    high: float | None = None
    last: float | None = None
    sketches: tuple[bytes, ...] = ()

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None

    def quantiles(self, shares: Sequence[float]) -> list[float | None]:
        return merged(self.sketches).quantiles(shares)


def points(
    where: Where, name: str, since: Moment, until: Moment, step: int, /, **labels: Values
) -> list[Step]:
    """A metric over time, its series taken together."""
    condition, values = where.series(name, labels)
    start, end = seconds_of(since), seconds_of(until)
    tier = tier_for(start, step)
    seconds, column = tier.seconds, tier.column
    step = max(step // seconds, 1) * seconds
    first, last = int(start // step), math.ceil(end / step)
    statement = (
        f"SELECT p.{column} / ?, p.total, p.count, p.low, p.high, p.last, p.last_at, p.sketch"  # noqa: S608
        f" FROM metrics_metricseries s CROSS JOIN {tier.table} p ON p.series_id = s.id"
        f" WHERE {condition} AND p.{column} >= ? AND p.{column} < ? ORDER BY p.last_at"
    )
    per = step // seconds
    rows: dict[int, list[Any]] = {}
    for slot, *row in database().execute(statement, (per, *values, first * per, last * per)):
        rows.setdefault(slot, []).append(row)
    return [_step(slot * step, rows.get(slot, [])) for slot in range(first, last)]


def _step(start: float, rows: list[Any]) -> Step:
    if not rows:
        return Step(start)
    return Step(
        start,
        sum(row[0] for row in rows),
        sum(row[1] for row in rows),
        min(row[2] for row in rows),
        max(row[3] for row in rows),
        rows[-1][4],
        tuple(row[6] for row in rows if row[6]),
    )


def latest(where: Where, name: str, /, *, not_before: Moment = 0.0, **labels: Values) -> list[Latest]:
    """The newest figure of each set of labels, whatever release sent it."""
    condition, values = where.series(name, labels)
    statement = (
        "SELECT s.labels, p.last, max(p.last_at), s.unit FROM metrics_metricseries s"  # noqa: S608
        " CROSS JOIN metrics_metrichour p ON p.series_id = s.id AND p.hour >="
        " (SELECT max(hour) FROM metrics_metrichour WHERE series_id = s.id)"
        f" WHERE {condition} AND p.last_at >= ? GROUP BY s.labels"
    )
    rows = database().execute(statement, (*values, seconds_of(not_before)))
    return [Latest(orjson.loads(given), value, at, unit) for given, value, at, unit in rows]


def quantiles(
    where: Where, name: str, since: Moment, until: Moment, shares: Sequence[float], /, **labels: Values
) -> list[float | None]:
    """Of a distribution, right within 1 %; from all that was sent, not from samples."""
    condition, values = where.series(name, labels)
    return merged(_sketches(condition, values, seconds_of(since), seconds_of(until))).quantiles(shares)


def _sketches(condition: str, values: list[Any], since: float, until: float) -> Iterator[bytes | None]:
    for part in stretches(since, until):
        tier = part.tier
        statement = (
            f"SELECT p.sketch FROM metrics_metricseries s CROSS JOIN {tier.table} p ON p.series_id = s.id"  # noqa: S608
            f" WHERE {condition} AND p.{tier.column} >= ? AND p.{tier.column} < ?"
        )
        for row in database().execute(statement, (*values, part.first, part.last)):
            yield row[0]


def column_of(label: str) -> tuple[str, str | None]:
    """SQL for a label of series `s`, and the parameter that it takes, if any."""
    if label in {"release", "environment"}:
        return f"s.{label}", None
    if label == "project":
        return "s.project_id", None
    return "json_extract(s.labels, ?)", _path(label)


def _path(label: str) -> str:
    return f'$."{label.replace(chr(34), "")}"'


def seconds_of(moment: Moment) -> float:
    """Since 1970."""
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)

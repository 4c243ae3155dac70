"""How good we are at it: detected, acknowledged and resolved how soon, in time, again, for nothing, with a category.

Each figure is computed from rows, and says by which address its list is seen, so that anybody can reckon it again.
An incident belongs to the stretch in which it was detected. `docs/monitor/incidents.md` has the definitions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from monitor.alerts.selectors import judged
from monitor.digest.system.coverage import coverage
from monitor.incidents.models import Incident
from monitor.projects.models import Project
from strategy import Strategy
from strategy.model.service_levels import Goals


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `since` up to, not including, `until`; `label` as a table says it: `Nov 2026`, `16 Nov`."""

    since: datetime
    until: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is seconds or a share (`unit`), None where there is nothing to reckon with; `of` is out of how many."""

    name: str
    label: str
    unit: str
    value: float | None
    of: int
    goal: float
    address: str
    more_is_better: bool = False

    @property
    def is_met(self) -> bool | None:
        """None where there is nothing to judge."""
        if self.value is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Figures:
    """All of a stretch. `resolve_by_severity` has a figure for each severity that the goals name; `address` is of the
    list of its incidents."""

    stretch: Stretch
    incidents: int
    address: str
    detect: Figure
    acknowledge: Figure
    resolve: Figure
    resolve_by_severity: dict[str, Figure]
    in_time: Figure
    recurrence: Figure
    false_positives: Figure
    coverage: Figure

    @property
    def all(self) -> list[Figure]:
        """In the order in which they are shown."""
        return [
            self.detect, self.acknowledge, self.resolve, *self.resolve_by_severity.values(), self.in_time,
            self.recurrence, self.false_positives, self.coverage,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Times:
    """Of an incident what the figures need; seconds since 1970."""

    severity: str
    started: float
    detected: float
    acknowledged: float | None
    resolved: float | None
    returned: bool

    @property
    def took(self) -> float | None:
        return None if self.resolved is None else self.resolved - self.started

    def in_time(self, goals: Goals, now: float) -> bool | None:
        """None where its severity has no goal, or where it is open and may still be in time."""
        goal = goals.resolve_by_severity_s.get(self.severity)
        if goal is None:
            return None
        if self.took is not None:
            return self.took <= goal
        return False if now - self.started > goal else None


def figures(
    strategy: Strategy,
    projects: Sequence[Project],
    stretches: Sequence[Stretch],
    now: float,
    *,
    environment: str = "",
    names_projects: bool = True,
) -> list[Figures]:
    """Of each stretch; they may overlap. One query for the incidents of all, two for each stretch.

    Addresses name the projects unless they are all that the reader sees.
    """
    if not stretches:
        return []
    rows = _times(
        projects, min(one.since for one in stretches), max(one.until for one in stretches), environment
    )
    named = tuple(one.slug for one in projects) if names_projects else ()
    return [
        _of(strategy, projects, rows, now, _Addresses(stretch, environment, named)) for stretch in stretches
    ]


def weeks(strategy: Strategy, number: int, now: datetime) -> list[Stretch]:
    """The last ones, this one included, the first first: Mondays 00:00 of the strategy's time zone."""
    today = now.astimezone(ZoneInfo(strategy.business_hours.time_zone))
    monday = today.date() - timedelta(days=today.weekday())
    days = [monday - timedelta(weeks=back) for back in range(number - 1, -2, -1)]
    starts = [datetime(day.year, day.month, day.day, tzinfo=today.tzinfo) for day in days]
    return [Stretch(since, until, f"{since:%-d %b}") for since, until in itertools.pairwise(starts)]


def months(strategy: Strategy, number: int, now: datetime) -> list[Stretch]:
    """The last ones, this one included, the first first."""
    today = now.astimezone(ZoneInfo(strategy.business_hours.time_zone))
    of_all = today.year * 12 + today.month - 1
    starts = [
        datetime(month // 12, month % 12 + 1, 1, tzinfo=today.tzinfo)
        for month in range(of_all - number + 1, of_all + 2)
    ]
    return [Stretch(since, until, f"{since:%b %Y}") for since, until in itertools.pairwise(starts)]


def _times(projects: Sequence[Project], since: datetime, until: datetime, environment: str) -> list[Times]:
    found = Incident.objects.filter(
        project__in=[one.pk for one in projects], detected_at__gte=since, detected_at__lt=until
    )
    if environment:
        found = found.filter(environment=environment)
    rows = found.values_list(
        "severity", "started_at", "detected_at", "acknowledged_at", "resolved_at", "recurrence_of"
    )
    return [
        Times(
            severity,
            started.timestamp(),
            detected.timestamp(),
            _seconds(acknowledged),
            _seconds(resolved),
            before is not None,
        )
        for severity, started, detected, acknowledged, resolved, before in rows
    ]


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _of(
    strategy: Strategy, projects: Sequence[Project], rows: list[Times], now: float, address: _Addresses
) -> Figures:
    goals, stretch = strategy.goals, address.stretch
    since, until = stretch.since.timestamp(), stretch.until.timestamp()
    mine = [one for one in rows if since <= one.detected < until]
    judged = [one for one in (row.in_time(goals, now) for row in mine) if one is not None]
    return Figures(
        stretch=stretch,
        incidents=len(mine),
        address=address(),
        detect=_mean(
            "detect", "Detected after", [one.detected - one.started for one in mine], goals.detect_s, address()
        ),
        acknowledge=_mean(
            "acknowledge",
            "Acknowledged after",
            [one.acknowledged - one.detected for one in mine if one.acknowledged is not None],
            goals.acknowledge_s,
            address(only="acknowledged"),
        ),
        resolve=_mean(
            "resolve", "Resolved after", _took(mine), goals.resolve_s, address(only="resolved")
        ),
        resolve_by_severity={
            severity: _mean(
                f"resolve_{severity}",
                f"{severity} resolved after",
                _took(one for one in mine if one.severity == severity),
                goal,
                address(only="resolved", severity=severity),
            )
            for severity, goal in sorted(goals.resolve_by_severity_s.items())
        },
        in_time=_share(
            "in_time", "Resolved in time", judged.count(True), len(judged), goals.resolved_in_time,
            address(only="judged"), more_is_better=True,
        ),
        recurrence=_share(
            "recurrence", "Came back", sum(one.returned for one in mine), len(mine), goals.recurrence,
            address(only="returned"),
        ),
        false_positives=_false_positives(projects, goals, address),
        coverage=_coverage(projects, goals, now, address),
    )  # fmt: skip


def _took(rows: Iterable[Times]) -> list[float]:
    return [one.took for one in rows if one.took is not None]


def _mean(name: str, label: str, values: list[float], goal: float, address: str) -> Figure:
    mean = sum(values) / len(values) if values else None
    return Figure(name, label, "s", mean, len(values), goal, address)


def _share(
    name: str, label: str, some: int, of: int, goal: float, address: str, *, more_is_better: bool = False
) -> Figure:
    return Figure(name, label, "share", some / of if of else None, of, goal, address, more_is_better)


def _false_positives(projects: Sequence[Project], goals: Goals, address: _Addresses) -> Figure:
    """Of the alerts that began in it and of which somebody has said whether they were useful."""
    stretch = address.stretch
    said = judged(projects, environment=address.environment, since=stretch.since, until=stretch.until)
    return _share(
        "false_positives",
        "Alerts of no use",
        said.useless,
        said.judged,
        goals.false_positives,
        address.of_alerts(),
    )


def _coverage(projects: Sequence[Project], goals: Goals, now: float, address: _Addresses) -> Figure:
    """Of all events, up to now: errors and what is less."""
    stretch = address.stretch
    until = min(stretch.until, datetime.fromtimestamp(now, stretch.until.tzinfo))
    if until <= stretch.since:
        return _share("coverage", "Events with a category", 0, 0, goals.coverage, "", more_is_better=True)
    found = coverage(
        projects, goals.coverage, since=stretch.since, until=until, environment=address.environment
    )
    return _share(
        "coverage", "Events with a category", found.total - found.uncategorised, found.total, goals.coverage,
        address.of_events(), more_is_better=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Addresses:
    """Of the lists that reproduce a figure. Without an environment, of all of them."""

    stretch: Stretch
    environment: str
    projects: tuple[str, ...]

    def __call__(self, **more: str) -> str:
        return self._with("incidents:list", {"state": "all", **more})

    def of_alerts(self) -> str:
        return self._with("alerts:list", {"useful": "no"})

    def of_events(self) -> str:
        """By category, as they are counted; each leads on to its issues."""
        told = {"by": "category", "level": "all"}
        # Where it is not said, that page chooses an environment.
        return self._with("dashboards:events", told if self.environment else {**told, "environment": ""})

    def _with(self, name: str, query: dict[str, str]) -> str:
        since, until = (one.timestamp() for one in (self.stretch.since, self.stretch.until))
        told = [*query.items(), ("since", f"{since:.0f}"), ("until", f"{until:.0f}")]
        told += [("environment", self.environment)] if self.environment else []
        told += [("project", slug) for slug in self.projects]
        return f"{reverse(name)}?{urlencode(told)}"

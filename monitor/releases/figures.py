"""How healthy a release is, in figures: summed from exact counts, for some projects, an environment and a period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, ExpressionWrapper, F, IntegerField, Q, QuerySet, Sum

from monitor.issues.models import Issue
from monitor.releases.models import Release, ReleaseHour, ReleaseUser
from monitor.releases.sessions import DAY_S, HOUR_S

_SUMS = ("sessions", "errored", "crashed", "abnormal", "events")


@dataclass(frozen=True)
class Scope:
    """What is counted. An empty environment means all of them; hours and days count in which the period has a part."""

    projects: Sequence[int]
    environment: str
    since: datetime
    until: datetime

    def hours(self) -> QuerySet[ReleaseHour]:
        """The rows of the period."""
        first, last = (int(moment.timestamp() // HOUR_S) for moment in (self.since, self.until))
        return ReleaseHour.objects.filter(self._which(), hour__gte=first, hour__lte=last)

    def visits(self) -> QuerySet[ReleaseUser]:
        """The users of the period's days."""
        first, last = (int(moment.timestamp() // DAY_S) for moment in (self.since, self.until))
        return ReleaseUser.objects.filter(self._which(), day__gte=first, day__lte=last)

    def last_day(self) -> Scope:
        """The last 24 hours of it."""
        return Scope(self.projects, self.environment, self.until - timedelta(hours=24), self.until)

    def _which(self) -> Q:
        which = Q(project__in=self.projects)
        return which & Q(environment=self.environment) if self.environment else which


@dataclass(frozen=True, slots=True)
class Health:
    """Counts of one release. `errored` sessions are neither crashed nor abnormal."""

    sessions: int = 0
    errored: int = 0
    crashed: int = 0
    abnormal: int = 0
    events: int = 0
    users: int = 0
    crashed_users: int = 0
    new_issues: int = 0
    adoption: float | None = None
    """Its share of all sessions in the last 24 hours of the period."""

    @property
    def healthy(self) -> int:
        """Sessions without any error."""
        return self.sessions - self.errored - self.crashed - self.abnormal

    @property
    def crash_free_sessions(self) -> float | None:
        """A share of 1; None without sessions."""
        return 1 - self.crashed / self.sessions if self.sessions else None

    @property
    def crash_free_users(self) -> float | None:
        """A share of 1; None where no session named its user."""
        return 1 - self.crashed_users / self.users if self.users else None

    @property
    def unhealthy_sessions(self) -> float | None:
        """The share of sessions that erred, crashed or ended abnormally."""
        return 1 - self.healthy / self.sessions if self.sessions else None

    @property
    def events_per_1000(self) -> float | None:
        """Errors and messages for each 1,000 sessions."""
        return 1000 * self.events / self.sessions if self.sessions else None


def health_of(releases: Iterable[Release], scope: Scope) -> dict[int, Health]:
    """By id of the release, zeros for one without counts; five statements however many they are."""
    versions = {release.pk: release.version for release in releases}
    counts = _sums(scope.hours().filter(release__in=versions), "release")
    users: dict[int, dict[str, int]] = {
        row["release"]: {"users": row["users"], "crashed_users": row["crashed"]}
        for row in scope.visits()
        .filter(release__in=versions)
        .values("release")
        .annotate(
            users=Count("user", distinct=True), crashed=Count("user", distinct=True, filter=Q(crashed=True))
        )
    }
    issues = new_issues(versions.values(), scope.projects)
    day = scope.last_day().hours()
    lately = {row["release"]: row["total"] for row in day.values("release").annotate(total=Sum("sessions"))}
    everybody = sum(lately.values())
    found = {}
    for pk, version in versions.items():
        adoption = lately.get(pk, 0) / everybody if everybody else None
        found[pk] = Health(
            **counts.get(pk, {}), **users.get(pk, {}), new_issues=issues.get(version, 0), adoption=adoption
        )
    return found


def _sums(hours: QuerySet[ReleaseHour], by: str) -> dict[int, dict[str, int]]:
    rows = hours.values_list(by).annotate(*(Sum(name) for name in _SUMS))
    return {row[0]: dict(zip(_SUMS, row[1:], strict=True)) for row in rows}


def health_of_all(scope: Scope) -> Health:
    """Of all releases together, what sessions and events tell; one statement."""
    found = scope.hours().aggregate(**{name: Sum(name) for name in _SUMS})
    return Health(**{name: number or 0 for name, number in found.items()})


def new_issues(versions: Iterable[str], projects: Sequence[int]) -> dict[str, int]:
    """How many issues were first seen in each of the versions."""
    rows = (
        Issue.objects.filter(first_release__in=list(versions), project__in=projects)
        .order_by()
        .values("first_release")
        .annotate(number=Count("pk"))
    )
    return {row["first_release"]: row["number"] for row in rows}


@dataclass(frozen=True, slots=True)
class Trend:
    """One value for each step, oldest first. `sessions` are stacked by how they ended; `crashed` is the share that did,
    None where there were none."""

    steps: list[datetime]
    sessions: dict[str, list[int]]
    events: list[int]
    crashed: list[float | None]
    step_words: str


def trend_of(release: Release, scope: Scope) -> Trend:
    """By hour up to four days, by day beyond."""
    by_day = (scope.until - scope.since) > timedelta(days=4)
    hours_a_step = 24 if by_day else 1
    first, last = (
        int(moment.timestamp() // (HOUR_S * hours_a_step)) for moment in (scope.since, scope.until)
    )
    sums = {step: dict.fromkeys(_SUMS, 0) for step in range(first, last + 1)}
    for hour, counts in _sums(scope.hours().filter(release=release), "hour").items():
        step = sums.get(hour // hours_a_step, {})
        for name in step:
            step[name] += counts[name]
    healths = [Health(**counts) for counts in sums.values()]
    return Trend(
        steps=[datetime.fromtimestamp(step * HOUR_S * hours_a_step, UTC) for step in sums],
        sessions={
            "healthy": [health.healthy for health in healths],
            "with errors": [health.errored for health in healths],
            "crashed or abnormal": [health.crashed + health.abnormal for health in healths],
        },
        events=[health.events for health in healths],
        crashed=[health.crashed / health.sessions if health.sessions else None for health in healths],
        step_words="a day" if by_day else "an hour",
    )


def sessions_by_day(releases: Iterable[Release], scope: Scope) -> dict[int, list[int]]:
    """By id of the release: sessions of each day of the period, oldest first; one statement."""
    first, last = (int(moment.timestamp() // DAY_S) for moment in (scope.since, scope.until))
    days = {release.pk: [0] * (last - first + 1) for release in releases}
    rows = (
        scope.hours()
        .filter(release__in=days, sessions__gt=0)
        .annotate(day=ExpressionWrapper(F("hour") / 24, output_field=IntegerField()))
        .values_list("release", "day")
        .annotate(Sum("sessions"))
    )
    for release, day, sessions in rows:
        days[release][day - first] += sessions
    return days

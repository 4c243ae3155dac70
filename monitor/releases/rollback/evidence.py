"""Whether a release breaks its budget, with enough traffic to say so, and by which figures: from exact counts only.

The error rate is of the requests of the release in the last `[rollback] window`, not before its deploy. Sessions are kept
by the hour, so their crash-free share is of the hours since the deploy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Sum

from monitor.metrics.selectors import Where, error_rate
from monitor.projects.models import Project
from monitor.releases.models import Deploy, Release, ReleaseHour
from monitor.releases.rollback.models import Rollback
from strategy.model.service_levels import Rollback as Rules

_HOUR_S = 3600
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one release in a stretch of time (seconds since 1970)."""

    since: float
    until: float
    requests: int
    failed: int
    sessions: int
    crashed: int

    @property
    def error_rate(self) -> float | None:
        """None without requests."""
        return self.failed / self.requests if self.requests else None

    @property
    def crash_free(self) -> float | None:
        """None without sessions."""
        return 1 - self.crashed / self.sessions if self.sessions else None


@dataclass(frozen=True, slots=True)
class Evidence:
    """`broken` names what is beyond its limit: error_rate, crash_free; empty when nothing is."""

    now: Measured
    before: Measured | None
    previous: str
    broken: tuple[str, ...]

    def as_json(self, rules: Rules) -> dict[str, Any]:
        """As it is kept, with the limits of that moment."""
        found: dict[str, Any] = {
            "now": _with_shares(self.now),
            "before": None if self.before is None else _with_shares(self.before),
            "broken": list(self.broken),
            "limits": {
                "error_rate": rules.error_rate,
                "crash_free": rules.crash_free,
                "minimum": rules.minimum,
                "window_s": rules.window_s,
            },
        }
        return found


def evidence_of(deploy: Deploy, project: Project, rules: Rules, now: float) -> Evidence:
    """As it stands at `now`, beside the release before in as much time before the deploy."""
    deployed = deploy.finished_at.timestamp()
    found = measured(
        project, deploy.environment, deploy.release, max(deployed, now - rules.window_s), now, deployed
    )
    previous = good_release_before(deploy, project)
    before = None
    if previous is not None:
        since = deployed - rules.window_s
        before = measured(project, deploy.environment, previous, since, deployed, since)
    return Evidence(found, before, previous.version if previous else "", beyond(found, rules))


def beyond(found: Measured, rules: Rules) -> tuple[str, ...]:
    """Which limits it is beyond, with enough of it to say so, each by its own kind."""
    broken = []
    if found.requests >= rules.minimum and (found.error_rate or 0.0) > rules.error_rate:
        broken.append("error_rate")
    if found.sessions >= rules.minimum and (found.crash_free or 0.0) < rules.crash_free:
        broken.append("crash_free")
    return tuple(broken)


def measured(
    project: Project, environment: str, release: Release, since: float, until: float, sessions_since: float
) -> Measured:
    """Requests from `since`, a minute that has begun before it left out; sessions of the hours from `sessions_since`."""
    where = Where([project.pk], environment=environment, release=release.version)
    first = -(-since // _MINUTE_S) * _MINUTE_S
    requests = error_rate(where, first, max(until, first))
    sessions = ReleaseHour.objects.filter(
        project=project,
        environment=environment,
        release=release,
        hour__gte=int(sessions_since // _HOUR_S),
        hour__lte=int(until // _HOUR_S),
    ).aggregate(total=Sum("sessions"), crashed=Sum("crashed"))
    return Measured(
        since,
        until,
        round(requests.total),
        round(requests.bad),
        sessions["total"] or 0,
        sessions["crashed"] or 0,
    )


def good_release_before(deploy: Deploy, project: Project) -> Release | None:
    """The last one that was deployed there before it and was not to be taken back itself."""
    bad = Rollback.objects.filter(project=project, environment=deploy.environment).values("release")
    earlier = Deploy.objects.filter(
        environment=deploy.environment,
        release__projects=project,
        finished_at__lt=deploy.finished_at,
    ).exclude(release=deploy.release_id)
    found = earlier.exclude(release__in=bad).order_by("-finished_at", "-pk").select_related("release").first()
    return found.release if found is not None else None


def is_current(deploy: Deploy, project: Project, now: float) -> bool:
    """Whether nothing else has been deployed there since."""
    later = Deploy.objects.filter(
        environment=deploy.environment,
        release__projects=project,
        finished_at__gt=deploy.finished_at,
        finished_at__lte=datetime.fromtimestamp(now, UTC),
    )
    return not later.exclude(release=deploy.release_id).exists()


def _with_shares(one: Measured) -> dict[str, Any]:
    return {**asdict(one), "error_rate": one.error_rate, "crash_free": one.crash_free}

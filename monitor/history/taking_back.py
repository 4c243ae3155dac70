"""Which releases break their budget, and when that is seen: by the limits of monitor.releases.rollback, which keeps it.

The figures come from the traffic itself. The rooms keep the past by the hour, and the hour in which a release was found has
also what it served later: asked for it, they would know more than anybody knew then.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitor.history.payloads import ENVIRONMENT
from monitor.history.story import MINUTE_S, Outing, Story
from monitor.history.traffic import Served, Traffic
from monitor.projects.models import Project
from monitor.releases.models import Deploy
from monitor.releases.rollback import services
from monitor.releases.rollback.evidence import Evidence, Measured, beyond, good_release_before
from monitor.releases.rollback.models import Rollback
from monitor.site.strategy_file import current_strategy
from strategy.model.service_levels import Rollback as Rules

_HEARD_AFTER_S = 5.0
"""Counts are sent each minute, digested within a second, and looked at every ten."""
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Finding:
    """That a release should be taken back, seen at `at` (seconds since 1970)."""

    at: float
    deploy: Deploy
    evidence: Evidence


def findings(story: Story, traffic: Traffic, project: Project) -> Iterator[Finding]:
    """In order of time. Ask for the next one when this one is kept: a bad release is none to go back to."""
    rules = _rules()
    if not rules.enabled:
        return
    requests = [row for row in traffic.served if not row.place.is_task]
    ends = [*(one.at for one in story.outings[1:]), story.calendar.until]
    for outing, end in zip(story.outings, ends, strict=True):
        if outing.at < story.calendar.since or _is_known(outing, project):
            continue
        found = _first(outing, min(end, outing.at + rules.watch_s), requests, project, rules)
        if found is not None:
            yield found


def keep(found: Finding, project: Project) -> Rollback | None:
    """As the room keeps it: row, incident, timeline, message."""
    return services.found(found.deploy, project, _rules(), found.evidence, found.at)


def _rules() -> Rules:
    """Only said, whatever the strategy's mode: nothing of a history is carried out."""
    return replace(current_strategy().rollback, mode="dry_run")


def _is_known(outing: Outing, project: Project) -> bool:
    return Rollback.objects.filter(
        project=project, environment=ENVIRONMENT, release__version=outing.release
    ).exists()


def _first(
    outing: Outing, end: float, requests: list[Served], project: Project, rules: Rules
) -> Finding | None:
    """The first look at it that shows it beyond a limit, before `end`."""
    around = [row for row in requests if outing.at - rules.window_s - _HOUR_S <= row.at < end]
    for heard in sorted({row.at + row.seconds for row in around if row.release == outing.release}):
        now = heard + _HEARD_AFTER_S
        known = [row for row in around if row.at + row.seconds <= now]
        since = max(outing.at, now - rules.window_s)
        measured = _measured(known, outing.release, since, now, outing.at)
        broken = beyond(measured, rules)
        if broken and outing.at < now < end:
            return Finding(now, *_evidence(outing, around, measured, broken, project, rules))
    return None


def _evidence(
    outing: Outing,
    around: list[Served],
    measured: Measured,
    broken: tuple[str, ...],
    project: Project,
    rules: Rules,
) -> tuple[Deploy, Evidence]:
    """Beside the release before, in as much time before the deploy."""
    deploy = Deploy.objects.filter(
        release__version=outing.release, environment=ENVIRONMENT, finished_at__gte=outing.at - 1
    ).earliest("finished_at")
    previous = good_release_before(deploy, project)
    if previous is None:
        return deploy, Evidence(measured, None, "", broken)
    since = outing.at - rules.window_s
    before = _measured(around, previous.version, since, outing.at, since)
    return deploy, Evidence(measured, before, previous.version, broken)


def _measured(
    rows: list[Served], release: str, since: float, until: float, sessions_since: float
) -> Measured:
    """As the room counts: requests by the minute, without one that had begun before; a request's session by the hour."""
    mine = [row for row in rows if row.release == release]
    first, last = math.ceil(since / MINUTE_S), math.ceil(until / MINUTE_S)
    counted = [row for row in mine if first <= row.at // MINUTE_S < last]
    hours = int(sessions_since // _HOUR_S), int(until // _HOUR_S)
    visits = [row for row in mine if hours[0] <= row.at // _HOUR_S <= hours[1]]
    return Measured(
        since,
        until,
        sum(row.total for row in counted),
        sum(row.failed for row in counted),
        sum(row.total for row in visits),
        sum(row.failed for row in visits),
    )

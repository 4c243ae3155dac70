"""What the rooms tell, made what rules look at, and put into the journal in the transaction that stores it.

Only of environments in which rules are held: `alerts = true`, and MONITOR_ALSO_ALERT_IN.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import time
from urllib.parse import urlsplit

from django.conf import settings

from monitor.alerts import journal
from monitor.alerts import measurements as kinds
from monitor.alerts.engine_rules import looked_at
from monitor.alerts.entries import together
from monitor.alerts.measurements import Measurement
from monitor.crons import observers as crons
from monitor.crons.models import CronEnvironment, CronMonitor
from monitor.digest.facts import Fact
from monitor.metrics.models import Kind
from monitor.metrics.observers import Increment
from monitor.metrics.selectors import FEATURE_USES, RATIOS, REQUESTS, TASKS, is_failed
from monitor.performance.arriving import Arrived
from monitor.probes.asking import Answer
from monitor.probes.models import Target
from monitor.projects.models import Project
from monitor.releases.models import Deploy
from monitor.releases.observers import SessionChange
from monitor.site.strategy_file import current_strategy

_RATIO_OF = {counter: (ratio, label, good) for ratio, (counter, label, good) in RATIOS.items()}
_MEASURED_OTHERWISE = {REQUESTS, FEATURE_USES, TASKS, *_RATIO_OF}
_COUNTS = ("ok", "failed")
"""Outcomes of a feature's use that count; what was refused is the user's to mend."""


def hear_facts(facts: Sequence[Fact]) -> None:
    """A subscriber of facts."""
    watched = _watched()
    journal.write(together(fact for fact in facts if fact.environment in watched))


def hear_increments(increments: Sequence[Increment]) -> None:
    """An observer of metrics."""
    watched = _watched()
    named = {rule.counter for rule in current_strategy().alerts}
    found: dict[tuple[str, ...], Measurement] = {}
    gauges: list[Measurement] = []
    for one in increments:
        if one.environment not in watched:
            continue
        if one.kind == Kind.GAUGE:
            gauges += _figures(one)
        elif one.kind == Kind.COUNTER:
            for measured in _counts(one, named):
                _add(found, measured)
    journal.write([*found.values(), *gauges])


def hear_transactions(arrivals: Sequence[Arrived]) -> None:
    """An observer of transactions."""
    watched = _watched()
    durations: dict[tuple[int, str, str, str, int, int], dict[float, int]] = {}
    for one in arrivals:
        what = one.measured
        if what.environment in watched:
            place = (
                one.project_id,
                what.environment,
                what.release,
                what.name,
                int(what.end),
                int(one.received),
            )
            cell = durations.setdefault(place, {})
            took = round(what.duration_s, 4)
            cell[took] = cell.get(took, 0) + 1
    journal.write(
        Measurement(
            kind=kinds.DURATIONS,
            time=end,
            received=received,
            environment=environment,
            project_id=project_id,
            release=release,
            name=name,
            durations=tuple(sorted(cell.items())),
        )
        for (project_id, environment, release, name, end, received), cell in durations.items()
    )


def hear_sessions(changes: Sequence[SessionChange]) -> None:
    """An observer of sessions. One that became worse takes no place of its own: it was counted when it came."""
    watched = _watched()
    found: dict[tuple[str, ...], Measurement] = {}
    for one in changes:
        if one.environment in watched:
            measured = Measurement(
                kind=kinds.SESSIONS,
                time=int(one.started),
                received=one.received,
                environment=one.environment,
                project_id=one.project_id,
                release=one.release,
                total=one.sessions,
                bad=one.crashed,
                errored=one.errored,
            )
            _add(found, measured)
    journal.write(found.values())


def hear_check_in(monitor: CronMonitor, environment: CronEnvironment, kind: str, at: float) -> None:
    """An observer of jobs. One that failed has come, which is what rules on check-ins ask; why it failed is an event."""
    if environment.name in _watched():
        bad = kind in (crons.MISSED, crons.TIMEOUT)
        measured = Measurement(
            kind=kinds.CHECK_IN,
            time=at,
            received=at,
            environment=environment.name,
            project_id=monitor.project_id,
            name=monitor.slug,
            bad=int(bad),
        )
        journal.write([measured])


def hear_probe(target: Target, answer: Answer) -> None:
    """An observer of probes. Whose application is asked, no answer says: it is the first project's."""
    environment = settings.PROBE_ENVIRONMENT
    project_id = Project.objects.order_by("pk").values_list("pk", flat=True).first()
    if environment in _watched() and project_id is not None:
        measured = Measurement(
            kind=kinds.PROBE,
            time=answer.at,
            received=answer.at,
            environment=environment,
            project_id=project_id,
            name=urlsplit(target.url).path,
            bad=int(not answer.is_good),
        )
        journal.write([measured])


def hear_deploy(deploy: Deploy) -> None:
    """An observer of deploys: in each project that knows the release."""
    if deploy.environment in _watched():
        finished = deploy.finished_at.timestamp()
        journal.write(
            Measurement(
                kind=kinds.DEPLOY,
                time=finished,
                received=max(finished, time()),
                environment=deploy.environment,
                project_id=project_id,
                release=deploy.release.version,
            )
            for project_id in deploy.release.projects.values_list("pk", flat=True)
        )


def _watched() -> frozenset[str]:
    return looked_at(current_strategy())


def _figures(one: Increment) -> Iterator[Measurement]:
    """The highest and the lowest of the minute: a rule goes by the worst."""
    for value in {one.high, one.low}:
        yield _measurement(one, kinds.GAUGE, one.name, value=value)


def _counts(one: Increment, named: set[str | None]) -> Iterator[Measurement]:
    labels = dict(one.labels)
    number = round(one.total)
    if one.name == REQUESTS:
        bad = number if is_failed(labels.get("status", "")) else 0
        yield _measurement(one, kinds.REQUESTS, labels.get("route", ""), total=number, bad=bad)
    elif one.name == FEATURE_USES and labels.get("outcome") in _COUNTS:
        bad = number if labels["outcome"] == "failed" else 0
        yield _measurement(one, kinds.USES, labels.get("feature", ""), total=number, bad=bad)
    elif one.name in _RATIO_OF:
        ratio, label, good = _RATIO_OF[one.name]
        bad = number if labels.get(label) != good else 0
        yield _measurement(one, kinds.RATIO, ratio, total=number, bad=bad)
    if one.name in named or one.name not in _MEASURED_OTHERWISE:
        told_apart = {name: labels.get(name, "") for name in ("route", "user", "client")}
        yield _measurement(one, kinds.COUNTER, one.name, value=one.total, **told_apart)


def _measurement(one: Increment, kind: str, name: str, **figures: object) -> Measurement:
    return Measurement(
        kind=kind,
        time=float(one.minute * 60),
        received=one.received,
        environment=one.environment,
        project_id=one.project_id,
        release=one.release,
        name=name,
        **figures,  # type: ignore[arg-type]
    )


def _add(found: dict[tuple[str, ...], Measurement], one: Measurement) -> None:
    """Sums of the same thing and minute as one."""
    place = (one.project_id, one.environment, one.release, one.kind, one.name, one.time)
    key = (*map(str, place), one.route, one.user, one.client)
    before = found.get(key)
    found[key] = one if before is None else before.plus(one)

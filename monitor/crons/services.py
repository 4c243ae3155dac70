"""What people and scripts do with cron monitors. `by` is whoever the audit log shall name; whether they may, the caller
asks. Alert rules read `failures_since`, or subscribe to monitor.crons.observers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

from django.db import transaction

from monitor.access.audit import Actor, record
from monitor.crons import observers
from monitor.crons.config import MonitorConfig
from monitor.crons.intake import MONITORS_MAX, replan, take_in
from monitor.crons.models import FAILURES, CheckIn, CheckInStatus, CronEnvironment, CronMonitor
from monitor.crons.reports import DEFAULT_ENVIRONMENT, NAME_MAX, Report, slug_of
from monitor.projects.models import Project

_KINDS = {
    CheckInStatus.ERROR: observers.ERROR,
    CheckInStatus.MISSED: observers.MISSED,
    CheckInStatus.TIMEOUT: observers.TIMEOUT,
}


class CronError(ValueError):
    """What cannot be done with a monitor, in words for who asked."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One check-in that failed, or was none. `kind` is one of monitor.crons.observers; `at` seconds since 1970."""

    monitor: CronMonitor
    environment: CronEnvironment
    kind: str
    at: float
    check_in: CheckIn


def failures_since(since: float, projects: Iterable[Project] | None = None) -> list[Failure]:
    """What failed at `since` or later, oldest first; of all projects by default, of muted monitors never.

    `at` is when it failed: what was due before an outage of the worker is found at its own time after the outage, so
    whoever polls looks back as far as an outage may last.
    """
    found = CheckIn.objects.filter(
        status__in=FAILURES, at__gte=since, environment__monitor__is_muted=False
    ).select_related("environment__monitor__project")
    if projects is not None:
        found = found.filter(environment__monitor__project__in=projects)
    return [
        Failure(
            one.environment.monitor,
            one.environment,
            _KINDS[CheckInStatus(one.status)],
            one.at.timestamp(),
            one,
        )
        for one in found.order_by("at", "pk")
    ]


def create_monitor(
    project: Project, *, name: str, config: MonitorConfig | None, by: Actor, slug: str = ""
) -> CronMonitor:
    """Raises CronError for a slug that the project has already, and for one too many."""
    wanted = slug_of(slug or name)
    if not name.strip():
        raise CronError("A monitor needs a name.")
    with transaction.atomic():
        of_project = CronMonitor.objects.filter(project=project)
        if of_project.filter(slug=wanted).exists():
            raise CronError(f"{project} has a monitor {wanted} already.")
        if of_project.count() >= MONITORS_MAX:
            raise CronError(f"{project} has {MONITORS_MAX} monitors; delete one first.")
        monitor = CronMonitor(project=project, slug=wanted, name=name.strip()[:NAME_MAX], created_at=_now())
        if config is not None:
            config.put_into(monitor)
        monitor.save()
        record(by, "cron.created", monitor.slug, project)
    return monitor


def update_monitor(
    monitor: CronMonitor,
    *,
    by: Actor,
    name: str | None = None,
    config: MonitorConfig | None = None,
    is_muted: bool | None = None,
    is_disabled: bool | None = None,
) -> None:
    """Change what is given. A configuration that comes with a check-in later changes it again."""
    with transaction.atomic():
        changed = []
        given = {"name": name and name.strip()[:NAME_MAX], "is_muted": is_muted, "is_disabled": is_disabled}
        for field, value in given.items():
            if value is not None and value != "" and getattr(monitor, field) != value:
                setattr(monitor, field, value)
                changed.append(field)
        if config is not None and config.put_into(monitor):
            monitor.config_problem = ""
            changed.append("config")
        if not changed:
            return
        monitor.save()
        record(by, "cron.changed", monitor.slug, monitor.project, changed=changed)
        if is_muted or is_disabled:
            _silence(monitor)
        if {"config", "is_disabled"} & set(changed):
            replan(monitor, _now())


def delete_monitor(monitor: CronMonitor, *, by: Actor) -> None:
    """With its history. A check-in that comes later makes it anew."""
    with transaction.atomic():
        record(by, "cron.deleted", monitor.slug, monitor.project)
        _silence(monitor)
        CheckIn.objects.filter(environment__monitor=monitor).delete()
        monitor.delete()


def delete_environment(environment: CronEnvironment, *, by: Actor) -> None:
    """Of a monitor, with its history: of a machine that is no more."""
    with transaction.atomic():
        monitor = environment.monitor
        record(by, "cron.environment_deleted", f"{monitor.slug} in {environment.name}", monitor.project)
        observers.tell(monitor, environment, observers.SILENCED, time())
        CheckIn.objects.filter(environment=environment).delete()
        environment.delete()


def _silence(monitor: CronMonitor) -> None:
    for environment in monitor.environments.all():
        observers.tell(monitor, environment, observers.SILENCED, time())


def check_in(
    monitor: CronMonitor,
    status: CheckInStatus,
    *,
    environment: str = DEFAULT_ENVIRONMENT,
    uid: bytes | None = None,
    duration: float | None = None,
    now: float | None = None,
) -> CheckIn | None:
    """As the API takes it; `uid` is the 16 bytes of a check_in_id, None means the running one. None when the monitor
    has too many environments."""
    report = Report(
        project_id=monitor.project_id,
        slug=monitor.slug,
        name=monitor.name,
        status=status,
        received=time() if now is None else now,
        environment=environment,
        uid=uid,
        duration=duration,
    )
    with transaction.atomic():
        return take_in(report)


def _now() -> datetime:
    return datetime.now(UTC)

"""One check-in taken in: its monitor made or changed, its run begun, ended, or both."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from monitor.crons import observers
from monitor.crons.course import arrive, fail, plan, settle, succeed
from monitor.crons.models import CheckIn, CheckInStatus, CronEnvironment, CronMonitor
from monitor.crons.reports import Report

logger = logging.getLogger(__name__)

MONITORS_MAX = 1000
"""Of a project; slugs made of something random must not fill the database."""
ENVIRONMENTS_MAX = 100
"""Of a monitor."""
DECISIONS_MAX = 5000
"""Due times that may have passed before a check-in while nobody judged them."""


def take_in(report: Report) -> CheckIn | None:
    """Store one check-in, in the transaction of the caller. None when its project or monitor has too many already."""
    at = datetime.fromtimestamp(report.received, UTC)
    monitor = _monitor_of(report, at)
    environment = _environment_of(monitor, report.environment) if monitor is not None else None
    if monitor is None or environment is None:
        logger.warning(
            "A check-in of %s is left out: its project has %d monitors, or it %d environments.",
            report.slug,
            MONITORS_MAX,
            ENVIRONMENTS_MAX,
        )
        return None
    # What should have come before comes first.
    if not settle(environment, at, at_most=DECISIONS_MAX):
        logger.warning(
            "More than %d due times of %s have passed unjudged; the rest is left out.",
            DECISIONS_MAX,
            environment,
        )
        plan(environment, monitor.schedule, at)
    _configure(monitor, environment, report, at)
    run = _run_of(environment, report)
    if run is None:
        run = _begin(environment, report, at)
    else:
        _continue(environment, run, report, at)
    environment.save()
    return run


def _monitor_of(report: Report, at: datetime) -> CronMonitor | None:
    of_project = CronMonitor.objects.filter(project_id=report.project_id)
    monitor = of_project.filter(slug=report.slug).first()
    if monitor is None and of_project.count() < MONITORS_MAX:
        monitor = CronMonitor.objects.create(
            project_id=report.project_id, slug=report.slug, name=report.name, created_at=at
        )
    return monitor


def _environment_of(monitor: CronMonitor, name: str) -> CronEnvironment | None:
    environment = monitor.environments.filter(name=name).first()
    if environment is None and monitor.environments.count() < ENVIRONMENTS_MAX:
        environment = CronEnvironment(monitor=monitor, name=name)
        environment.save()
    if environment is not None:
        environment.monitor = monitor
    return environment


def _configure(monitor: CronMonitor, environment: CronEnvironment, report: Report, at: datetime) -> None:
    """Take over what configuration came along; what is due in the other environments follows it."""
    before = (monitor.schedule, monitor.margin_s)
    changed = report.config is not None and report.config.put_into(monitor)
    if report.config is not None or report.config_problem:
        changed = changed or monitor.config_problem != report.config_problem
        monitor.config_problem = report.config_problem
    if not changed:
        return
    monitor.save()
    if before != (monitor.schedule, monitor.margin_s):
        replan(monitor, at, but=environment)
        if environment.next_due_at is not None:
            plan(environment, monitor.schedule, at)


def replan(monitor: CronMonitor, at: datetime, *, but: CronEnvironment | None = None) -> None:
    """The schedule has changed at `at`: what is due next in each environment, but for one that the caller plans."""
    for environment in monitor.environments.filter(last_check_in_at__isnull=False):
        if but is None or environment.pk != but.pk:
            environment.monitor = monitor
            environment.unmet_due_at = None
            plan(environment, monitor.schedule, at)
            environment.save()


def _run_of(environment: CronEnvironment, report: Report) -> CheckIn | None:
    """What the check-in goes on with."""
    runs = CheckIn.objects.filter(environment=environment)
    if report.uid is not None:
        return runs.filter(uid=report.uid).first()
    if not report.is_end:
        return None
    return runs.filter(status=CheckInStatus.IN_PROGRESS).order_by("-started").first()


def _begin(environment: CronEnvironment, report: Report, at: datetime) -> CheckIn:
    monitor = environment.monitor
    expected, late = arrive(environment, monitor.schedule, at)
    run = CheckIn(
        environment=environment,
        uid=report.uid or uuid4().bytes,
        status=report.status,
        started=at - timedelta(seconds=report.duration or 0) if report.is_end else at,
        at=at,
        duration=report.duration if report.is_end else None,
        expected=expected,
        is_late=late,
        timeout_at=None if report.is_end else at + timedelta(seconds=monitor.runtime_s),
        release=report.release,
    )
    run.save()
    if report.is_end:
        _conclude(environment, report.status, at)
    return run


def _continue(environment: CronEnvironment, run: CheckIn, report: Report, at: datetime) -> None:
    if not report.is_end:
        if run.status == CheckInStatus.IN_PROGRESS:
            # A sign of life: the time it may run begins anew, as at Sentry. After its end, it has overtaken it.
            run.timeout_at = at + timedelta(seconds=environment.monitor.runtime_s)
            run.save(update_fields=["timeout_at"])
        return
    if run.status in {CheckInStatus.OK, CheckInStatus.ERROR} or run.ended_as:
        return
    run.duration = (at - run.started).total_seconds() if report.duration is None else report.duration
    if run.status == CheckInStatus.TIMEOUT:
        # It has failed, and stays failed; that it did end, and how, is worth knowing.
        run.ended_as = report.status
        if report.status == CheckInStatus.OK:
            succeed(environment, at)
    else:
        run.status, run.at = report.status, at
        _conclude(environment, report.status, at)
    run.save()


def _conclude(environment: CronEnvironment, status: str, at: datetime) -> None:
    if status == CheckInStatus.OK:
        succeed(environment, at)
    else:
        fail(environment, observers.ERROR, at)

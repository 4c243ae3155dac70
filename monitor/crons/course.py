"""The course of things in one environment: what was due and did not come, what ran for too long, failing and recovery.

`settle` decides up to a moment, each due time and each run once, whoever calls it and however often: the clock when it
is known what came until then, and whoever takes a check-in in before it looks at it. So history does not depend on when
the monitor got to judge, only on when things came.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b

from monitor.crons import observers
from monitor.crons.models import CheckIn, CheckInStatus, CronEnvironment, EnvironmentStatus, ReceivingGap
from monitor.crons.schedule import CRONTAB, Schedule, ScheduleError
from monitor.crons.watching import gap_within

DECISIONS_MAX = 500
"""Of one call, so that nobody waits long to write."""
UNKNOWN_MAX = 10_000
"""Due times of one gap that are counted one by one; beyond, there were at least so many."""


def settle(environment: CronEnvironment, until: datetime, *, at_most: int = DECISIONS_MAX) -> bool:
    """Decide what was due and what should have ended before `until`. False: there is more to decide. Saves nothing of
    the environment itself, which the caller does."""
    for _ in range(at_most):
        overdue = environment.overdue_at
        running = (
            CheckIn.objects.filter(
                environment=environment, status=CheckInStatus.IN_PROGRESS, timeout_at__lte=until
            )
            .order_by("timeout_at")
            .first()
        )
        ends = running.timeout_at if running is not None else None
        if running is not None and ends is not None and (overdue is None or ends <= overdue):
            _time_out(environment, running, ends)
        elif overdue is not None and overdue <= until:
            _pass_over(environment, until)
        else:
            return True
    return False


def plan(environment: CronEnvironment, schedule: Schedule | None, after: datetime) -> None:
    """What is due next, after `after`."""
    environment.next_due_at = environment.overdue_at = None
    if schedule is None or environment.monitor.is_disabled:
        return
    try:
        environment.next_due_at = schedule.next_after(after)
    except ScheduleError:
        # Past the last year of the calendar: never.
        return
    environment.overdue_at = environment.next_due_at + timedelta(seconds=environment.monitor.margin_s)


def arrive(
    environment: CronEnvironment, schedule: Schedule | None, at: datetime
) -> tuple[datetime | None, bool]:
    """A run has come at `at`, all before being settled: the due time it belongs to, and whether it is late for it."""
    due, late = _meant(environment, schedule, at)
    environment.unmet_due_at = None
    environment.last_check_in_at = at
    keeps_to_the_clock = schedule is not None and schedule.kind == CRONTAB
    plan(environment, schedule, max(at, due) if keeps_to_the_clock and due is not None else at)
    return due, late


def _meant(
    environment: CronEnvironment, schedule: Schedule | None, at: datetime
) -> tuple[datetime | None, bool]:
    """The due time that a run at `at` is for, and whether that is past; None for one that came of itself."""
    if schedule is None:
        return None, False
    due = environment.next_due_at
    if due is None and schedule.kind == CRONTAB and not environment.monitor.is_disabled:
        # The first that is heard of it may come a little early, too.
        plan(environment, schedule, at)
        due = environment.next_due_at
    if due is not None and at >= due - schedule.early(due):
        return due, False
    unmet = environment.unmet_due_at
    return (unmet, True) if unmet is not None and unmet <= at else (None, False)


def fail(environment: CronEnvironment, kind: str, at: datetime) -> None:
    """One failure more; `kind` is one of monitor.crons.observers."""
    environment.successes = 0
    environment.failures += 1
    if not environment.is_failing and environment.failures >= environment.monitor.failure_issue_threshold:
        environment.status, environment.status_since = EnvironmentStatus.FAILING, at
    observers.tell(environment.monitor, environment, kind, at.timestamp())


def succeed(environment: CronEnvironment, at: datetime) -> None:
    """One success more."""
    had_failed = environment.failures > 0
    environment.failures = 0
    environment.successes += 1
    if had_failed:
        observers.tell(environment.monitor, environment, observers.SUCCEEDED, at.timestamp())
    if environment.is_failing and environment.successes >= environment.monitor.recovery_threshold:
        environment.status, environment.status_since = EnvironmentStatus.OK, at
        observers.tell(environment.monitor, environment, observers.RECOVERED, at.timestamp())


def _time_out(environment: CronEnvironment, run: CheckIn, at: datetime) -> None:
    away = gap_within(run.started, at) is not None
    run.status = CheckInStatus.UNKNOWN if away else CheckInStatus.TIMEOUT
    run.at = at
    run.save(update_fields=["status", "at"])
    if not away:
        fail(environment, observers.TIMEOUT, at)


def _pass_over(environment: CronEnvironment, until: datetime) -> None:
    """What is due next has not come: missed, or unknown when it could not have been received."""
    due, overdue = environment.next_due_at, environment.overdue_at
    schedule = environment.monitor.schedule
    if due is None or overdue is None or schedule is None:
        plan(environment, schedule, until)
        return
    gap = gap_within(due - schedule.early(due), overdue)
    if gap is not None:
        _unknown(environment, schedule, gap, until)
        return
    _, is_new = _keep(environment, CheckInStatus.MISSED, due, overdue)
    environment.unmet_due_at = due
    plan(environment, schedule, due)
    if is_new:
        fail(environment, observers.MISSED, overdue)


def _unknown(
    environment: CronEnvironment, schedule: Schedule, gap: ReceivingGap | None, until: datetime
) -> None:
    """One row for all due times in a row that could not have been received; what is due next is the first."""
    due, overdue = environment.next_due_at, environment.overdue_at
    row = _unknown_so_far(environment, due)
    before = row.times if row is not None else 0
    times = 0
    while due is not None and overdue is not None and overdue <= until:
        if gap is None or due - schedule.early(due) >= gap.until:
            gap = gap_within(due - schedule.early(due), overdue)
        if gap is None:
            break
        row = row or _keep(environment, CheckInStatus.UNKNOWN, due, overdue)[0]
        row.at, times = overdue, times + 1
        plan(environment, schedule, due if times < UNKNOWN_MAX else max(due, min(gap.until, until)))
        due, overdue = environment.next_due_at, environment.overdue_at
    if row is not None and row.status == CheckInStatus.UNKNOWN:
        row.times = max(before + times, row.times)
        row.save(update_fields=["times", "at"])


def _unknown_so_far(environment: CronEnvironment, due: datetime | None) -> CheckIn | None:
    """The row of the same gap that was judged before, when nothing has come since."""
    last = CheckIn.objects.filter(environment=environment).order_by("-started", "-pk").first()
    if last is None or due is None or last.status != CheckInStatus.UNKNOWN or last.started >= due:
        return None
    # A run whose end is unknown had a time to end by.
    return last if last.timeout_at is None else None


def _keep(
    environment: CronEnvironment, status: CheckInStatus, due: datetime, overdue: datetime
) -> tuple[CheckIn, bool]:
    """The row of what did not come, and whether it is new. The id is made of the due time: after a clock has been set
    back, what had been decided stays decided."""
    uid = blake2b(f"{environment.pk}:{due.timestamp()}".encode(), digest_size=16).digest()
    made = {"status": status, "started": due, "at": overdue, "expected": due}
    return CheckIn.objects.get_or_create(environment=environment, uid=uid, defaults=made)

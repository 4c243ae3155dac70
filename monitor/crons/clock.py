"""What the worker does by the clock: decide what did not come, and forget what is old."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

from django.db import transaction

from monitor.crons.course import settle
from monitor.crons.models import CheckIn, CheckInStatus, CronEnvironment
from monitor.crons.watching import horizon
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

JUDGE_EVERY_S = 10.0
_BUDGET_S = 1.0


def judge(now: float) -> None:
    """Missed and timed out, up to when it is known what came. What takes longer than a second goes on next time."""
    if not _is_anything_due():
        # An installation without jobs does not write every ten seconds.
        return
    with transaction.atomic():
        until = horizon(now)
    if until is None:
        return
    moment = datetime.fromtimestamp(until, UTC)
    started = monotonic()
    for environment_id in _waiting(moment):
        with transaction.atomic():
            environment = CronEnvironment.objects.select_related("monitor").filter(pk=environment_id).first()
            if environment is not None:
                settle(environment, moment)
                environment.save()
        if monotonic() - started > _BUDGET_S:
            return


def _is_anything_due() -> bool:
    return (
        CronEnvironment.objects.filter(overdue_at__isnull=False).exists()
        or CheckIn.objects.filter(status=CheckInStatus.IN_PROGRESS).exists()
    )


def _waiting(moment: datetime) -> list[int]:
    overdue = CronEnvironment.objects.filter(overdue_at__lte=moment).order_by("overdue_at")
    running = CheckIn.objects.filter(status=CheckInStatus.IN_PROGRESS, timeout_at__lte=moment)
    found = list(overdue.values_list("pk", flat=True))
    return list(dict.fromkeys([*found, *running.values_list("environment_id", flat=True)]))


def forget_old(now: float) -> None:
    """Check-ins are kept as long as events."""
    before, pace = now - current_strategy().retention.events_s, Pace(_BUDGET_S)
    for table, column in (("crons_checkin", "started"), ("crons_receivinggap", "until")):
        pace.delete(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < ? LIMIT ?)",  # noqa: S608
            before,
        )

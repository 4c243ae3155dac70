"""Check-ins of scheduled tasks: started once, ended once, whatever happens in between.

The SDK's own monitoring of beat sends `error` at each retry and nothing after `Ignore`; it knows no margin and no longest
run. A task with a `Monitor` is therefore left out of it, and checks in itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import sentry_sdk
from sentry_sdk.crons import capture_checkin

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))

Outcome = Literal["ok", "error"]


@dataclass(frozen=True, slots=True)
class Monitor:
    """When a task is due: `schedule` is a crontab ("*/5 * * * *") or a timedelta of whole minutes.

    A run may begin `margin` late and last `max_runtime`; `failures` in a row raise the alarm. Raises ValueError.
    """

    slug: str
    schedule: str | timedelta
    margin: timedelta = timedelta(minutes=1)
    max_runtime: timedelta = timedelta(minutes=30)
    failures: int = 1
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.slug):
            raise ValueError(f"{self.slug!r} is no slug: use up to 50 of a-z 0-9 _ -, as in clear-old-jobs.")
        if isinstance(self.schedule, str):
            if len(self.schedule.split()) != 5:
                raise ValueError(f"{self.schedule!r} is no crontab: it has five fields, as in */5 * * * *.")
        elif self.schedule < timedelta(minutes=1) or self.schedule % timedelta(minutes=1):
            raise ValueError(
                f"{self.schedule} is no interval for a monitor: use whole minutes, at least one."
            )

    def config(self) -> Any:
        """As the protocol has it: https://develop.sentry.dev/sdk/telemetry/check-ins/"""
        return {
            "schedule": self._schedule(),
            "checkin_margin": _minutes(self.margin),
            "max_runtime": _minutes(self.max_runtime),
            "failure_issue_threshold": self.failures,
            "recovery_threshold": 1,
            "timezone": self.time_zone,
        }

    def begin(self, run_id: str) -> None:
        """The first attempt has begun. `run_id` is the task's id, the same in each attempt."""
        self._send(run_id, "in_progress", None)

    def end(self, run_id: str, outcome: Outcome, duration_s: float | None = None) -> None:
        """The task has come to its end."""
        self._send(run_id, outcome, duration_s)

    def _send(self, run_id: str, status: str, duration_s: float | None) -> None:
        capture_checkin(
            monitor_slug=self.slug,
            check_in_id=run_id.replace("-", ""),
            status=status,
            duration=duration_s,
            monitor_config=self.config(),
        )

    def _schedule(self) -> dict[str, Any]:
        if isinstance(self.schedule, str):
            return {"type": "crontab", "value": self.schedule}
        seconds = int(self.schedule.total_seconds())
        unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
        return {"type": "interval", "value": seconds // size, "unit": unit}


def leave_out_of_beat_monitoring(entries: list[str]) -> None:
    """These entries of the schedule check in by themselves: the SDK's own monitoring must not do so as well."""
    from sentry_sdk.integrations.celery import CeleryIntegration

    integration = sentry_sdk.get_client().get_integration(CeleryIntegration)
    if integration is not None:
        known = integration.exclude_beat_tasks or []
        integration.exclude_beat_tasks = [*known, *(f"^{re.escape(entry)}$" for entry in entries)]


def mend_beat_monitoring() -> None:
    """For entries without a Monitor: a retry is no failure of the schedule, the last attempt's outcome counts."""
    from celery.signals import task_retry
    from sentry_sdk.integrations.celery.beat import crons_task_retry

    task_retry.disconnect(crons_task_retry)


def close_beat_check_in(headers: dict[str, Any], outcome: Outcome) -> None:
    """End the check-in that the SDK's beat monitoring began, where the SDK would leave it open."""
    if "sentry-monitor-slug" in headers and "sentry-monitor-check-in-id" in headers:
        capture_checkin(
            monitor_slug=headers["sentry-monitor-slug"],
            check_in_id=headers["sentry-monitor-check-in-id"],
            status=outcome,
            monitor_config=headers.get("sentry-monitor-config"),
        )


def _minutes(span: timedelta) -> int:
    return max(1, round(span.total_seconds() / 60))

"""`monitor_config`, as SDKs send it with a check-in and scripts by the API: https://develop.sentry.dev/sdk/telemetry/check-ins/"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from monitor.crons.models import CronMonitor
from monitor.crons.schedule import CRONTAB, INTERVAL, Schedule, ScheduleError

MINUTES_MAX = 40_320
"""Four weeks, as Sentry has it."""
THRESHOLD_MAX = 720


@dataclass(frozen=True, slots=True)
class MonitorConfig:
    """Checked. Margin and run time are minutes; thresholds are failures and successes in a row."""

    schedule_type: str
    crontab: str = ""
    interval_value: int | None = None
    interval_unit: str = ""
    timezone: str = "UTC"
    checkin_margin: int = 1
    max_runtime: int = 30
    failure_issue_threshold: int = 1
    recovery_threshold: int = 1

    @property
    def schedule(self) -> Schedule:
        return Schedule(
            self.schedule_type, self.crontab, self.interval_value or 1, self.interval_unit, self.timezone
        )

    def put_into(self, monitor: CronMonitor) -> bool:
        """Whether anything of it is new to the monitor, which is changed and not saved."""
        changed = False
        for name, value in asdict(self).items():
            if getattr(monitor, name) != value:
                setattr(monitor, name, value)
                changed = True
        return changed


def config_of(raw: Any) -> MonitorConfig:
    """From `{"schedule": {"type": "crontab", "value": "5 * * * *"}, …}`; also with the API's `schedule_type` beside
    `schedule`. Raises ScheduleError (a ValueError) that names what is wrong."""
    if not isinstance(raw, Mapping):
        raise ScheduleError("The configuration of a monitor must be an object.")
    kind, value, unit = _schedule_parts(raw)
    config = MonitorConfig(
        schedule_type=kind,
        crontab=value if kind == CRONTAB and isinstance(value, str) else "",
        interval_value=value if kind == INTERVAL and type(value) is int else None,
        interval_unit=unit if kind == INTERVAL else "",
        timezone=_text(raw, "timezone", "UTC"),
        checkin_margin=_number(raw, "checkin_margin", 1, MINUTES_MAX),
        max_runtime=_number(raw, "max_runtime", 30, MINUTES_MAX),
        failure_issue_threshold=_number(raw, "failure_issue_threshold", 1, THRESHOLD_MAX),
        recovery_threshold=_number(raw, "recovery_threshold", 1, THRESHOLD_MAX),
    )
    if kind == INTERVAL and config.interval_value is None:
        raise ScheduleError(f"The interval is {str(value)[:40]!r}; it must be a whole number.")
    if len(config.crontab) > 100:
        raise ScheduleError("The crontab line is longer than 100 characters.")
    config.schedule.check()
    return config


def _schedule_parts(raw: Mapping[str, Any]) -> tuple[str, Any, str]:
    """Type, value and unit, of both ways to write them."""
    schedule = raw.get("schedule")
    if isinstance(schedule, Mapping):
        return str(schedule.get("type")), schedule.get("value"), str(schedule.get("unit") or "")
    kind = str(raw.get("schedule_type"))
    if isinstance(schedule, list | tuple) and len(schedule) == 2:
        return kind, schedule[0], str(schedule[1])
    return kind, schedule, ""


def _text(raw: Mapping[str, Any], name: str, default: str) -> str:
    value = raw.get(name)
    if value is None or value == "":
        return default
    if not isinstance(value, str) or len(value) > 64:
        raise ScheduleError(f"`{name}` is {str(value)[:40]!r}; it must be a text of at most 64 characters.")
    return value


def _number(raw: Mapping[str, Any], name: str, default: int, maximum: int) -> int:
    """Old SDKs send 0 for none."""
    value = raw.get(name)
    if value is None or value == 0:
        return default
    if type(value) is not int or not 1 <= value <= maximum:
        raise ScheduleError(
            f"`{name}` is {str(value)[:40]!r}; it must be a whole number from 1 to {maximum:,}."
        )
    return value

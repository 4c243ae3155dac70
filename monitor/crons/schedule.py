"""When a job is due: crontab lines and intervals, in the time zone of the job.

Crontab lines are read by cronsim, which does as Debian's cron does when clocks change: what would fall into the hour
that is left out runs right after it, what falls into the hour that comes twice runs once; lines with `*` follow the
clock. Intervals of minutes and hours are lengths of time; of days and longer they keep the time of day.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

CRONTAB, INTERVAL = "crontab", "interval"
UNITS = ("minute", "hour", "day", "week", "month", "year")
_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_LENGTHS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_EARLY_S = 60.0


class ScheduleError(ValueError):
    """A schedule that cannot be followed; the message says what of it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`kind` is `crontab` or `interval`; what the other kind needs is not looked at."""

    kind: str
    crontab: str = ""
    value: int = 1
    unit: str = ""
    timezone: str = "UTC"

    def check(self) -> None:
        """Raises ScheduleError."""
        if self.kind == CRONTAB:
            self._simulate(datetime.now(UTC))
        elif self.kind == INTERVAL:
            if self.unit not in UNITS:
                raise ScheduleError(f"The unit is {self.unit[:20]!r}; it must be one of {', '.join(UNITS)}.")
            if not 1 <= self.value <= 100_000:
                raise ScheduleError(f"The interval is {self.value}; it must be from 1 to 100,000.")
            zone_of(self.timezone)
        else:
            raise ScheduleError(f"The schedule's type is {self.kind[:20]!r}; it must be crontab or interval.")

    def next_after(self, moment: datetime) -> datetime:
        """The first due time after `moment` (of an interval: counted from it), aware, in UTC. Raises ScheduleError."""
        if self.kind == CRONTAB:
            return self._simulate(moment)
        if self.unit in _LENGTHS:
            return moment + self.value * _LENGTHS[self.unit]
        return _on_the_calendar(moment, self.value, self.unit, zone_of(self.timezone))

    def early(self, due: datetime) -> timedelta:
        """How long before `due` a check-in is still meant for it: clocks differ. A minute, or half of a shorter gap."""
        gap = (self.next_after(due) - due).total_seconds()
        return timedelta(seconds=min(_EARLY_S, gap / 2))

    def words(self) -> str:
        """For people: `At 03:00`, `Every 5 minutes`."""
        if self.kind == INTERVAL:
            return f"Every {self.unit}" if self.value == 1 else f"Every {self.value} {self.unit}s"
        return CronSim(_fields_of(self.crontab), datetime.now(UTC)).explain()

    def _simulate(self, moment: datetime) -> datetime:
        try:
            for found in CronSim(_fields_of(self.crontab), moment.astimezone(zone_of(self.timezone))):
                # In the second of two equal hours, cronsim starts with the first of them.
                if found > moment:
                    return found.astimezone(UTC)
        except CronSimError as error:
            raise ScheduleError(f"{self.crontab[:60]!r} is no crontab line: {error}.") from error
        raise ScheduleError(f"{self.crontab[:60]!r} is never due.")


def _fields_of(crontab: str) -> str:
    fields = _NICKNAMES.get(crontab.strip().lower(), crontab)
    if len(fields.split()) != 5:
        raise ScheduleError(f"{crontab[:60]!r} is no crontab line: it must have five fields.")
    return fields


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Raises ScheduleError for a time zone that does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(f"There is no time zone {name[:60]!r}; an example is Europe/Berlin.") from error


def _on_the_calendar(moment: datetime, value: int, unit: str, zone: ZoneInfo) -> datetime:
    """So many days, weeks, months or years later at the same time of day; the 31st becomes the month's last."""
    local = moment.astimezone(zone)
    try:
        if unit in {"day", "week"}:
            later = local.replace(tzinfo=None) + timedelta(days=value * (7 if unit == "week" else 1))
        else:
            months = local.month - 1 + value * (12 if unit == "year" else 1)
            year, month = local.year + months // 12, months % 12 + 1
            last = calendar.monthrange(year, month)[1]
            later = local.replace(tzinfo=None, year=year, month=month, day=min(local.day, last))
    except (ValueError, OverflowError, calendar.IllegalMonthError) as error:
        raise ScheduleError(f"Every {value} {unit}s is due past all calendars.") from error
    return later.replace(tzinfo=zone).astimezone(UTC)

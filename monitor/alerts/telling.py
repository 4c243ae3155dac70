"""Who would be told of an episode through what, and not before when: environments, quiet hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from strategy.model.alerting import AlertRule
from strategy.model.people import BusinessHours, QuietHours
from strategy.model.strategy import Strategy

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Telling:
    """Channels and roles, empty where nobody is told; `not_before` is seconds since 1970."""

    channels: tuple[str, ...]
    recipients: tuple[str, ...]
    not_before: float


def telling(strategy: Strategy, rule: AlertRule, environment: str, at: float) -> Telling:
    """Of an episode of `rule` that begins at `at`."""
    where = strategy.environments.get(environment)
    if not (environment in rule.environments or (where is not None and where.alerts)):
        return Telling((), (), at)
    severity = strategy.severities[rule.severity]
    waits = severity.heeds_quiet_hours
    not_before = quiet_until(strategy.quiet_hours, strategy.business_hours, at) if waits else at
    return Telling(rule.channels or severity.channels, severity.recipients, not_before)


def quiet_until(quiet: QuietHours, business: BusinessHours, at: float) -> float:
    """The end of the quiet hours that `at` is in; `at` itself when it is in none."""
    zone = ZoneInfo(business.time_zone)
    moment = datetime.fromtimestamp(at, zone)
    # A long holiday is no quiet hour: in a week there is one working day at least.
    for _ in range(16):
        end = _end_of_quiet(quiet, business, moment)
        if end is None:
            return moment.timestamp()
        moment = end
    return moment.timestamp()


def _end_of_quiet(quiet: QuietHours, business: BusinessHours, moment: datetime) -> datetime | None:
    """One step out of what is quiet at `moment`; None when nothing is."""
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    at = moment.timetz().replace(tzinfo=None)
    tomorrow = moment.date() + timedelta(days=1)
    if quiet.weekends and _DAYS[moment.weekday()] not in business.days:
        return datetime.combine(tomorrow, time(), moment.tzinfo)
    if start <= end:
        return datetime.combine(moment.date(), end, moment.tzinfo) if start <= at < end else None
    if at >= start:
        return datetime.combine(tomorrow, end, moment.tzinfo)
    return datetime.combine(moment.date(), end, moment.tzinfo) if at < end else None

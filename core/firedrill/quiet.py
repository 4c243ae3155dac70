"""Whether the strategy's quiet hours are on: then what heeds them is not told yet, and rightly so."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from strategy.model.strategy import Strategy

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_quiet(strategy: Strategy, at: float) -> bool:
    """`at` is seconds since 1970. Hours that begin in the evening end in the morning."""
    hours, work = strategy.quiet_hours, strategy.business_hours
    local = datetime.fromtimestamp(at, ZoneInfo(work.time_zone))
    if hours.weekends and _DAYS[local.weekday()] not in work.days:
        return True
    start, end, now = time.fromisoformat(hours.start), time.fromisoformat(hours.end), local.time()
    return start <= now < end if start <= end else now >= start or now < end

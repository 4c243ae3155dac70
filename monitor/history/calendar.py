"""When a generated month takes place: moments by how far into it they are, on working days and at local times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_S = 86_400
_SATURDAY = 5
_WEEKEND = 0.22
"""Of the traffic of a working day."""
_BY_HOUR = (
    0.08, 0.06, 0.05, 0.05, 0.06, 0.10, 0.22, 0.45, 0.75, 0.95, 1.00, 0.98,
    0.80, 0.90, 1.00, 0.97, 0.88, 0.70, 0.48, 0.36, 0.30, 0.25, 0.18, 0.12,
)  # fmt: skip


@dataclass(frozen=True)
class Calendar:
    """`until` is seconds since 1970, where the history ends; it has `days` whole days before that."""

    until: float
    days: int
    zone: ZoneInfo

    @property
    def since(self) -> float:
        return self.until - self.days * DAY_S

    def at(self, part: float, clock: str, *, working_day: bool = False) -> float:
        """A local time of day on the day `part` (0 to 1) of the way, or on the next working day; never after the end."""
        day = datetime.fromtimestamp(self.since + part * self.days * DAY_S, self.zone).date()
        if working_day:
            while day.weekday() >= _SATURDAY:
                day += timedelta(days=1)
        moment = datetime.combine(day, time.fromisoformat(clock), self.zone).timestamp()
        while moment > self.until - 2 * 3600:
            moment -= DAY_S
        return moment

    def busyness(self, at: float) -> float:
        """How much is going on, from 0 to 1: quiet nights and week-ends, a dip at noon."""
        moment = datetime.fromtimestamp(at, self.zone)
        place = moment.hour + moment.minute / 60
        before, after = _BY_HOUR[int(place)], _BY_HOUR[(int(place) + 1) % 24]
        level = before + (after - before) * (place % 1)
        return level * (_WEEKEND if moment.weekday() >= _SATURDAY else 1.0)

"""What a page is about: projects, environment, and a time in whole buckets."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from monitor.performance.keeping import FINE_S
from monitor.performance.models import STEPS

WEEK_S = 7 * 86_400
_FINE_UP_TO_S = 3 * 3600
_HOURS_UP_TO_S = 3 * 86_400
_STEP_WORDS = {5: "in 5 minutes", 60: "an hour", 1440: "a day"}


@dataclass(frozen=True)
class Scope:
    """`first` and `last` are minutes since 1970: buckets of `step` minutes from `first` to before `last`."""

    projects: Sequence[int]
    environment: str
    step: int
    first: int
    last: int

    @classmethod
    def of(cls, projects: Sequence[int], environment: str, since: datetime, until: datetime) -> Scope:
        """The buckets in which the time has a part: of five minutes for some hours, of hours for some days."""
        start, end = since.timestamp(), until.timestamp()
        step = STEPS[2]
        if end - start <= _FINE_UP_TO_S and start >= time.time() - FINE_S:
            step = STEPS[0]
        elif end - start <= _HOURS_UP_TO_S:
            step = STEPS[1]
        first = int(start // 60) // step * step
        last = -(-int(-(-end // 60)) // step) * step
        return cls(projects, environment, step, first, max(last, first + step))

    @property
    def before(self) -> Scope:
        """As long a time a week before, or several where the time is longer than a week."""
        length = self.last - self.first
        weeks = -(-length * 60 // WEEK_S)
        shift = weeks * WEEK_S // 60
        return replace(self, first=self.first - shift, last=self.last - shift)

    @property
    def minutes(self) -> list[int]:
        """The beginnings of the buckets."""
        return list(range(self.first, self.last, self.step))

    @property
    def moments(self) -> list[datetime]:
        """The same for a chart's labels."""
        return [datetime.fromtimestamp(minute * 60, UTC) for minute in self.minutes]

    @property
    def since(self) -> datetime:
        return datetime.fromtimestamp(self.first * 60, UTC)

    @property
    def until(self) -> datetime:
        return datetime.fromtimestamp(self.last * 60, UTC)

    @property
    def days(self) -> tuple[int, int]:
        """The first and the last day in which the time has a part, since 1970."""
        return self.first // 1440, (self.last - 1) // 1440

    @property
    def step_words(self) -> str:
        return _STEP_WORDS[self.step]

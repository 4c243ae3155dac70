"""What a dashboard looks at: projects, environment and a stretch of time in steps, the same for all of its panels.

Figures that several panels show are read once for each look (`once`). A look for people without a log-in has no links.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from monitor.metrics.pages import kind_of
from monitor.metrics.selectors import Where
from monitor.projects.models import Project

HOUR_S, DAY_S = 3600, 86_400
_STEPS = (
    (2 * HOUR_S, 60),
    (8 * HOUR_S, 300),
    (3 * DAY_S, HOUR_S),
    (8 * DAY_S, 6 * HOUR_S),
    (15 * DAY_S, 12 * HOUR_S),
)
"""Up to so long a time, steps of so many seconds: some dozens of them on each chart."""
_WORDS = {
    60: "minute",
    300: "5 minutes",
    HOUR_S: "hour",
    6 * HOUR_S: "6 hours",
    12 * HOUR_S: "12 hours",
    DAY_S: "day",
}

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """Times are seconds since 1970. `query` is what links take along: project, environment, period."""

    projects: Sequence[Project]
    environment: str
    since: float
    until: float
    query: tuple[tuple[str, str], ...] = ()
    has_links: bool = True
    _memory: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def ids(self) -> list[int]:
        return [project.pk for project in self.projects]

    @property
    def where(self) -> Where:
        """For figures that the application counts."""
        return Where(self.ids, environment=self.environment)

    @property
    def length_s(self) -> float:
        return self.until - self.since

    @cached_property
    def step(self) -> int:
        """Seconds."""
        return next((step for length, step in _STEPS if self.length_s <= length + 60), DAY_S)

    @property
    def step_words(self) -> str:
        """As in `each hour`."""
        return _WORDS[self.step]

    @cached_property
    def starts(self) -> list[int]:
        """Of the steps: whole multiples of their length. The first and last may reach beyond the time."""
        return [n * self.step for n in range(int(self.since // self.step), math.ceil(self.until / self.step))]

    @property
    def moments(self) -> list[datetime]:
        """The same for a chart."""
        return [datetime.fromtimestamp(start, UTC) for start in self.starts]

    @property
    def since_moment(self) -> datetime:
        return datetime.fromtimestamp(self.since, UTC)

    @property
    def until_moment(self) -> datetime:
        return datetime.fromtimestamp(self.until, UTC)

    def place_of(self, at: float) -> int:
        """The step of a moment: the first or last one for what lies outside."""
        place = int(at // self.step) - int(self.since // self.step)
        return min(max(place, 0), len(self.starts) - 1)

    def counted(self, moments: Iterable[datetime]) -> list[int]:
        """How many of them lie in each step."""
        found = [0] * len(self.starts)
        for moment in moments:
            found[self.place_of(moment.timestamp())] += 1
        return found

    @cached_property
    def before(self) -> Look:
        """As long a time, just before."""
        return replace(self, since=self.since - self.length_s, until=self.since, _memory={})

    def once(self, name: str, reading: Callable[[], T]) -> T:
        """What `reading` gives, read at most once for this look."""
        if name not in self._memory:
            self._memory[name] = reading()
        found: T = self._memory[name]
        return found

    def link(self, view: str, *args: Any, **parameters: str) -> str:
        """To a page of the monitor, narrowed as this look is; "" where nobody could follow it."""
        if not self.has_links:
            return ""
        try:
            address = reverse(view, args=args)
        except NoReverseMatch:
            return ""
        query = urlencode([*self.query, *parameters.items()])
        return f"{address}?{query}" if query else address

    def metric_link(self, name: str, **parameters: str) -> str:
        """To the page of a metric; "" until its first value has come, as there is no page of it before."""
        known = self.has_links and self.once(f"metric {name}", lambda: kind_of(self.where, name))
        return self.link("performance:metric", name, **parameters) if known else ""

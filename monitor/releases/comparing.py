"""Two releases side by side: what became better, what worse, which issues came and which went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor.releases.figures import Health, Scope, health_of
from monitor.releases.models import Release


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of both. `unit` as monitor.site.quantities has them; `better` is None where they do not differ."""

    name: str
    unit: str
    one: float | None
    other: float | None
    better: bool | None

    @property
    def change(self) -> float | None:
        """The other less the one."""
        return None if self.one is None or self.other is None else self.other - self.one

    @property
    def verdict(self) -> str:
        """In a word."""
        return "" if self.better is None else "better" if self.better else "worse"


@dataclass(frozen=True, slots=True)
class _Figure:
    name: str
    unit: str
    of: Callable[[Health], float | None]
    more_is_better: bool | None


_FIGURES = (
    _Figure("Crash-free sessions", "share", lambda health: health.crash_free_sessions, True),
    _Figure("Crash-free users", "share", lambda health: health.crash_free_users, True),
    _Figure("Sessions with errors", "share", lambda health: health.unhealthy_sessions, False),
    _Figure("Events per 1,000 sessions", "", lambda health: health.events_per_1000, False),
    _Figure("Events", "", lambda health: health.events, None),
    _Figure("Sessions", "", lambda health: health.sessions, None),
    _Figure("Users", "", lambda health: health.users, None),
    _Figure("Issues first seen in it", "", lambda health: health.new_issues, None),
)


def compare(one: Release, other: Release, scope: Scope) -> list[Line]:
    """Figures of `one` and then of `other`, both in the same period."""
    health = health_of([one, other], scope)
    return [
        line_of(
            figure.name,
            figure.unit,
            figure.of(health[one.pk]),
            figure.of(health[other.pk]),
            figure.more_is_better,
        )
        for figure in _FIGURES
    ]


def line_of(
    name: str, unit: str, one: float | None, other: float | None, more_is_better: bool | None
) -> Line:
    """With a verdict, unless more is neither better nor worse, or one of them is not known."""
    better = None
    if more_is_better is not None and one is not None and other is not None and one != other:
        better = (other > one) == more_is_better
    return Line(name, unit, one, other, better)

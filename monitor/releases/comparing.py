"""Two releases side by side: what became better, what worse, which issues came and which went."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from monitor.releases.figures import Health, Scope, health_of
from monitor.releases.models import Release
from monitor.releases.requests import Requests, requests_of

CLEAR_Z = 1.96
"""By chance alone, one difference in twenty is larger than so many standard errors."""
_SLOWER_SHARE = 0.1
_REQUESTS_MIN = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of both. `unit` as monitor.site.quantities has them. `verdict` is better, worse, no clear difference,
    or nothing where more is neither good nor bad, or one of the two is not known."""

    name: str
    unit: str
    one: float | None
    other: float | None
    verdict: str = ""

    @property
    def change(self) -> float | None:
        """The other less the one."""
        return None if self.one is None or self.other is None else self.other - self.one


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of the bad kind among so many."""

    bad: int
    total: int

    @property
    def share(self) -> float | None:
        """None of nothing."""
        return self.bad / self.total if self.total else None


def compare(one: Release, other: Release, scope: Scope) -> list[Line]:
    """Figures of `one` and then of `other`, both in the same period."""
    both = health_of([one, other], scope)
    before, after = both[one.pk], both[other.pk]
    lines = [
        Line(name, unit, value(before), value(after), verdict_of(rate(before), rate(after)))
        for name, unit, value, rate in _RATES
    ]
    counts = [Line(name, "", count(before), count(after)) for name, count in _COUNTS]
    return lines + _answers(requests_of(one, scope), requests_of(other, scope)) + counts


def _answers(before: Requests, after: Requests) -> list[Line]:
    """Nothing where neither has sent transactions."""
    if not before.count and not after.count:
        return []
    failed = Rate(before.failed, before.count), Rate(after.failed, after.count)
    return [
        Line(
            "Failed requests, of those sampled",
            "share",
            failed[0].share,
            failed[1].share,
            verdict_of(*failed),
        ),
        Line("p95 of requests, of those sampled", "ms", before.p95_ms, after.p95_ms, _slower(before, after)),
        Line("Requests sampled", "", before.count, after.count),
    ]


def _slower(before: Requests, after: Requests) -> str:
    """Quantiles are right within 1 %, and of few requests they say little."""
    one, other = before.p95_ms, after.p95_ms
    if not one or not other or min(before.count, after.count) < _REQUESTS_MIN:
        return ""
    if abs(other - one) < _SLOWER_SHARE * one:
        return "no clear difference"
    return "worse" if other > one else "better"


def verdict_of(before: Rate, after: Rate) -> str:
    """Whether the bad became rarer or more frequent by more than chance would have it."""
    one, other = before.share, after.share
    if one is None or other is None:
        return ""
    # Of both together: what each would have, if there were no difference. Events may be more than sessions.
    common = (before.bad + after.bad) / (before.total + after.total)
    spread = common * (1 - common) if common < 1 else common
    error = math.sqrt(spread * (1 / before.total + 1 / after.total))
    if error == 0 or abs(other - one) < CLEAR_Z * error:
        return "the same" if one == other else "no clear difference"
    return "worse" if other > one else "better"


_RATES: tuple[tuple[str, str, Callable[[Health], float | None], Callable[[Health], Rate]], ...] = (
    (
        "Crash-free sessions",
        "share",
        lambda health: health.crash_free_sessions,
        lambda health: Rate(health.crashed, health.sessions),
    ),
    (
        "Crash-free users",
        "share",
        lambda health: health.crash_free_users,
        lambda health: Rate(health.crashed_users, health.users),
    ),
    (
        "Sessions with errors",
        "share",
        lambda health: health.unhealthy_sessions,
        lambda health: Rate(health.sessions - health.healthy, health.sessions),
    ),
    (
        "Events per 1,000 sessions",
        "",
        lambda health: health.events_per_1000,
        lambda health: Rate(health.events, health.sessions),
    ),
)
_COUNTS: tuple[tuple[str, Callable[[Health], float]], ...] = (
    ("Events", lambda health: health.events),
    ("Sessions", lambda health: health.sessions),
    ("Users", lambda health: health.users),
    ("Issues first seen in it", lambda health: health.new_issues),
)

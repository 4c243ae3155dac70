"""Minutes, hours and days: which tables a stretch of time is read from, so that it is exact and a few rows."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tier:
    """A table of points of so many seconds; `kept_s` None: as long as the strategy keeps counts."""

    table: str
    column: str
    seconds: int
    kept_s: int | None


TIERS = (
    Tier("metrics_metricminute", "minute", 60, 4 * 86_400),
    Tier("metrics_metrichour", "hour", 3600, 45 * 86_400),
    Tier("metrics_metricday", "day", 86_400, None),
)
"""The finest first. Every figure is in each of them from the moment it came."""
FINE_S = 4 * 86_400
"""For so long minutes are kept."""
_MINUTES_UP_TO_S = 2 * 3600


@dataclass(frozen=True, slots=True)
class Stretch:
    """Points of a tier, from `first` to before `last`, in its column's unit."""

    tier: Tier
    first: int
    last: int


def stretches(since: float, until: float) -> list[Stretch]:
    """What covers the time once: whole days and hours as such, and what is finer only at both ends."""
    finest = TIERS.index(_finest(since))
    unit = TIERS[finest].seconds
    first, last = int(since // unit) * unit, math.ceil(until / unit) * unit
    if finest == 0 and last - first <= _MINUTES_UP_TO_S:
        return list(_of(TIERS[0], first, last))
    return list(_cover(first, last, finest))


def tier_for(since: float, step: int) -> Tier:
    """For a chart of steps of so many seconds: the coarsest that shows them, of those that are kept so long."""
    wanted = next((tier for tier in reversed(TIERS) if tier.seconds <= step), TIERS[0])
    return max(wanted, _finest(since), key=lambda tier: tier.seconds)


def _finest(since: float) -> Tier:
    age = time.time() - since
    return next(tier for tier in TIERS if tier.kept_s is None or age <= tier.kept_s)


def _cover(first: int, last: int, number: int) -> Iterator[Stretch]:
    """`first` and `last` are seconds, and multiples of the tier's."""
    tier = TIERS[number]
    if number + 1 < len(TIERS):
        unit = TIERS[number + 1].seconds
        up, down = -(-first // unit) * unit, last // unit * unit
        if up < down:
            yield from _of(tier, first, up)
            yield from _cover(up, down, number + 1)
            yield from _of(tier, down, last)
            return
    yield from _of(tier, first, last)


def _of(tier: Tier, first: int, last: int) -> Iterator[Stretch]:
    if first < last:
        yield Stretch(tier, first // tier.seconds, last // tier.seconds)

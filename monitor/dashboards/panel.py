"""What a panel says, whatever it is about: one figure, its change, its course, the lines behind it, where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.site.chart_parts import Chart
from monitor.site.quantities import quantity, share

_LEVELS = {True: "better", False: "worse", None: "other"}


@dataclass(frozen=True, slots=True)
class Change:
    """Against the time before. `kind`: better, worse, or other where neither is (more requests, say)."""

    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """Of the short list beneath a figure. `share` is drawn as a bar, `level` marks a state.

    `url` leads to what is behind it, `counted_url` to where its value can be counted, if that is elsewhere.
    """

    label: str
    value: str = ""
    url: str = ""
    hint: str = ""
    share: float | None = None
    level: str = ""
    counted_url: str = ""


@dataclass(frozen=True)
class Panel:
    """`about` says what is counted and from what, `empty` what will be here once there is something; with it, all else
    is left out. `url` leads to what is behind it, `counted_url` to where the figure can be counted, if that is elsewhere."""

    title: str
    about: str
    figure: str = ""
    note: str = ""
    level: str = ""
    change: Change | None = None
    charts: Sequence[Chart] = ()
    lines: Sequence[Line] = ()
    url: str = ""
    url_words: str = ""
    counted_url: str = ""
    empty: str = ""
    name: str = field(default="")
    """As `[dashboards]` calls it; set by whoever draws it."""


def change_of(
    now: float | None, before: float | None, *, more_is: bool | None = None, unit: str = ""
) -> Change | None:
    """`more_is`: True where more is better. Counts and lengths change by a share, shares by percentage points.

    None where there is nothing to compare with: from nothing to something is no percentage.
    """
    if now is None or before is None:
        return None
    if unit == "share":
        return _points(now - before, more_is)
    if not before:
        return Change("none before", "other") if now else None
    ratio = now / before - 1
    if abs(ratio) < 0.005:
        return Change("as before", "other")
    words = f"{now / before:.3g} times as before" if ratio >= 1 else f"{_signed(ratio)} than before"
    return Change(words, _LEVELS[None if more_is is None else (ratio > 0) == more_is])


def _points(difference: float, more_is: bool | None) -> Change:
    if abs(difference) < 0.00005:
        return Change("as before", "other")
    number = quantity(abs(round(difference * 100, 3)))
    words = f"{number} points {'more' if difference > 0 else 'less'} than before"
    return Change(words, _LEVELS[None if more_is is None else (difference > 0) == more_is])


def _signed(ratio: float) -> str:
    return f"{share(round(abs(ratio), 3))} {'more' if ratio > 0 else 'less'}"

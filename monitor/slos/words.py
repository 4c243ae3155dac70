"""Objectives in words, for whoever answers to users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.site.quantities import number, share, span

if TYPE_CHECKING:
    from monitor.slos.selectors import Objective

DAY_S = 86_400
THINGS = {
    "availability": ("requests", "were answered"),
    "feature_success": ("uses", "worked"),
    "error_free_sessions": ("sessions", "met no error of ours"),
    "latency": ("pages", "were quick enough"),
}
"""What is counted, and what is good."""


def things(measures: str) -> str:
    return THINGS[measures][0]


def of(objective: Objective) -> str:
    """`99.93 % of 1.2 million requests were answered; 31 % of the budget is left; at the pace of the last 6 hours it
    lasts 19 more days.`"""
    counted, good = THINGS[objective.slo.measures]
    if objective.achieved is None:
        return f"There were no {counted} in the last {span(objective.window_s)}."
    said = [
        f"{share(objective.achieved, objective.goal)} of {many(objective.counted.total)} {counted} {good}",
        left(objective),
    ]
    if objective.left is not None and objective.left > 0:
        said.append(lasting(objective))
    return f"{'; '.join(said)}."


def left(objective: Objective) -> str:
    if objective.left is None or objective.left >= 0:
        return f"{share(round(objective.left or 0.0, 3))} of the budget is left"
    over = max(round(-objective.bad_left), 1)
    counted = things(objective.slo.measures)
    return f"the budget is used up, {many(over)} {counted if over > 1 else counted[:-1]} too many went wrong"


def lasting(objective: Objective) -> str:
    found = objective.forecast()
    pace = f"at the pace of the last {span(found.window_s)}"
    if found.burn is None:
        return f"there was nothing in the last {span(found.window_s)}, so no pace can be said"
    if found.lasts_s is None:
        return f"{pace} it lasts"
    return f"{pace} it lasts {days(found.lasts_s)} more"


def days(seconds: float) -> str:
    """19 days, 5 hours, 40 minutes: in one unit."""
    for length, unit in ((DAY_S, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 1.5 * length or length == 60:
            amount = round(seconds / length)
            return f"{amount} {unit}{'' if amount == 1 else 's'}"
    raise AssertionError


def many(value: float) -> str:
    """1.2 million, 48,200, 731."""
    for power, word in ((1e9, "billion"), (1e6, "million")):
        if value >= 0.9995 * power:
            return f"{value / power:.3g} {word}"
    return number(round(value))

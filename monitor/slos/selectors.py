"""Objectives as they stand: what was promised, what was kept, what is left of the budget and for how long.

for objective in objectives(Where([project.pk], environment="production"), time.time()):
    objective.achieved, objective.left, objective.burn(3600), objective.forecast(21600).lasts_s, objective.words
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from monitor.alerts.engine_conditions import burn_rate
from monitor.metrics.selectors import Share, Where
from monitor.site.strategy_file import current_strategy
from monitor.slos import words
from monitor.slos.burning import budget_left, burn_down, steps_left
from monitor.slos.counting import DAY_S, HOUR_S, Course, count, course
from strategy.model.alerting import AlertRule
from strategy.model.service_levels import Slo

FORECAST_WINDOWS_S = (HOUR_S, 6 * HOUR_S, 3 * DAY_S)
"""By the pace of the last hour, six hours, three days."""
SAID_WINDOW_S = 6 * HOUR_S
"""The pace that is spoken of where there is room for one: an hour is a mood, three days are slow to tell."""
_DAYS_FROM_S = 10 * DAY_S
LOW = 0.25
"""A budget of which less is left is said to be low."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """At the pace of the last `window_s` seconds. `lasts_s`: None when it lasts."""

    window_s: int
    burn: float | None
    lasts_s: float | None


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule that is told when the budget burns too fast, and how fast it burns in the rule's own windows."""

    rule: AlertRule
    long: float
    short: float
    threshold: float
    fires: bool


@dataclass(frozen=True)
class Objective:
    """One of `[slos]` at a moment. Each figure is read from the database when it is first asked for."""

    slo: Slo
    where: Where
    now: float
    rules: tuple[AlertRule, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.slo.name

    @property
    def goal(self) -> float:
        return self.slo.goal

    @property
    def window_s(self) -> int:
        return self.slo.window_s

    @property
    def since(self) -> float:
        return self.now - self.slo.window_s

    @cached_property
    def counted(self) -> Share:
        """Good ones of all, over the whole window."""
        return count(self.slo, self.where, self.since, self.now + 1)

    @property
    def achieved(self) -> float | None:
        """The share of good ones; None when there was nothing."""
        return self.counted.share

    @property
    def left(self) -> float | None:
        """Of the budget, as a share of it; negative when it is overspent."""
        return budget_left(self.counted.total, self.counted.bad, self.slo.error_budget)

    @property
    def bad_left(self) -> float:
        """How many more may go wrong now, with the traffic that there was."""
        return self.counted.total * self.slo.error_budget - self.counted.bad

    @property
    def minutes_left(self) -> float | None:
        """So many minutes without a single good one would use it up; by the mean traffic of the window."""
        return None if self.left is None else self.left * self.slo.error_budget * self.slo.window_s / 60

    def counted_in(self, window_s: int) -> Share:
        """As the engine's windows have it: a minute counts when its first second is in the window."""
        first = math.ceil((self.now - window_s + 1) / 60) * 60
        return count(self.slo, self.where, first, self.now + 1)

    def burn(self, window_s: int) -> float | None:
        """How many times faster than allowed it was spent in the last so many seconds; None without traffic."""
        if window_s not in self._burns:
            found = self.counted_in(window_s)
            rate = burn_rate(found.total, found.bad, self.slo.error_budget)
            self._burns[window_s] = rate if found.total else None
        return self._burns[window_s]

    @cached_property
    def _burns(self) -> dict[int, float | None]:
        return {}

    @cached_property
    def course(self) -> Course:
        """By day, or by hour for a short window. All steps together are what was counted."""
        step = DAY_S if self.slo.window_s >= _DAYS_FROM_S else HOUR_S
        found = course(self.slo, self.where, self.since, self.now + 1, step)
        if not found.starts:
            return found
        # The first step begins before the window: of it, only what the window has.
        total = [max(self.counted.total - sum(found.total[1:]), 0.0), *found.total[1:]]
        bad = [max(self.counted.bad - sum(found.bad[1:]), 0.0), *found.bad[1:]]
        return Course(found.step, found.starts, total, bad)

    @property
    def burned_down(self) -> list[float | None]:
        """What was left after each step of `course`."""
        return burn_down(self.course.total, self.course.bad, self.slo.error_budget)

    def forecast(self, window_s: int = SAID_WINDOW_S) -> Forecast:
        """When the budget ends at the pace of the last `window_s` seconds."""
        burn = self.burn(window_s)
        if burn is None or self.left is None:
            return Forecast(window_s, burn, None)
        steps = steps_left(
            self.course.total, self.course.bad, self.slo.error_budget, burn * self.slo.error_budget
        )
        return Forecast(window_s, burn, None if steps is None else steps * self.course.step)

    @property
    def forecasts(self) -> list[Forecast]:
        return [self.forecast(window_s) for window_s in FORECAST_WINDOWS_S]

    @cached_property
    def watches(self) -> list[Watch]:
        """The rules that watch it, in the order of the file."""
        return [self._watch(rule) for rule in self.rules]

    def _watch(self, rule: AlertRule) -> Watch:
        threshold = rule.threshold.value if rule.threshold else 1.0
        long, short = self.burn(rule.window_s or HOUR_S) or 0.0, self.burn(rule.short_window_s or 60) or 0.0
        beyond = (rate > threshold if rule.fires == "over" else rate >= threshold for rate in (long, short))
        return Watch(rule, long, short, threshold, all(beyond))

    @property
    def state(self) -> str:
        """nothing, spent, low or kept."""
        if self.left is None:
            return "nothing"
        if self.left < 0:
            return "spent"
        return "low" if self.left < LOW else "kept"

    @property
    def words(self) -> str:
        """A sentence for people who never saw a burn rate."""
        return words.of(self)


def objectives(where: Where, now: float) -> list[Objective]:
    """Of the strategy, in the order of its file."""
    strategy = current_strategy()
    return [objective_of(slo, where, now) for slo in strategy.slos.values()]


def objective_of(slo: Slo, where: Where, now: float) -> Objective:
    """With the rules that watch it."""
    rules = tuple(
        rule for rule in current_strategy().alerts if rule.watches == "burn_rate" and slo.name in rule.slos
    )
    return Objective(slo, where, now, rules)

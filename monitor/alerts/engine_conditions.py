"""What it is for a rule to hold: one class for each way of looking, with the window that it looks at.

`judge(now)` says whether the rule holds at second `now`, and the value that says so. `next_change` is the second at
which that can change with nothing new, None when it cannot. `prompt` conditions begin to hold by what comes and by
nothing else, and the order within a second does not matter: they are judged at once. The others are judged when the
second is over, by all that came in it.
"""

from __future__ import annotations

from math import ceil
from typing import Any, ClassVar

from monitor.alerts.windows import Durations, Extremes, Spread, Sums, Window
from strategy.model.alerting import AlertRule

P95 = 0.95
MINUTE_S = 60


class Condition:
    """The part that all have in common."""

    __slots__ = ("rule", "threshold")
    prompt: ClassVar[bool] = True
    ends_by_news: ClassVar[bool] = False
    """Something new can end an episode; else only time can."""

    def __init__(self, rule: AlertRule) -> None:
        self.rule = rule
        self.threshold = rule.threshold.value if rule.threshold else 1.0

    def beyond(self, value: float) -> bool:
        """Whether a value is on the far side of the rule's threshold, as `fires` has it."""
        if self.rule.fires == "under":
            return value < self.threshold
        return value > self.threshold if self.rule.fires == "over" else value >= self.threshold

    def judge(self, now: int) -> tuple[bool, float]:
        raise NotImplementedError

    @property
    def next_change(self) -> int | None:
        raise NotImplementedError

    @property
    def last(self) -> int:
        """The latest second of which it holds something."""
        raise NotImplementedError

    @property
    def first(self) -> int | None:
        """The second in which what holds began, as far as the window tells."""
        return None

    @property
    def empty(self) -> bool:
        """Nothing is left in the window, so it need not be kept."""
        return self.next_change is None

    def state(self) -> Any:
        """All that it holds, as plain JSON; `restore` puts it into one that is new."""
        raise NotImplementedError

    def restore(self, state: Any) -> None:
        raise NotImplementedError


class Windowed(Condition):
    """What is seen through one window."""

    __slots__ = ("window",)

    def __init__(self, rule: AlertRule, window: Window) -> None:
        super().__init__(rule)
        self.window = window

    @property
    def next_change(self) -> int | None:
        return self.window.next_change

    @property
    def first(self) -> int | None:
        return self.window.first

    @property
    def last(self) -> int:
        return self.window.last

    def state(self) -> Any:
        return self.window.state()

    def restore(self, state: Any) -> None:
        self.window.restore(state)


class Count(Windowed):
    """So many in the window: events, counters, slow transactions; for what is told of itself, one."""

    __slots__ = ()
    window: Sums

    def __init__(self, rule: AlertRule) -> None:
        super().__init__(rule, Sums(held_s(rule)))

    def add(self, second: int, number: float) -> None:
        self.window.add(second, number)

    def judge(self, now: int) -> tuple[bool, float]:
        self.window.leave(now)
        return self.beyond(self.window.total), self.window.total


class Fewer(Count):
    """Fewer than so many in the window: holds by what does not come, so only after a whole window was watched."""

    __slots__ = ("_ripe", "_ripe_at")
    prompt = False

    def __init__(self, rule: AlertRule, since: int) -> None:
        super().__init__(rule)
        self._ripe_at = since + self.window.window_s
        self._ripe = False

    def judge(self, now: int) -> tuple[bool, float]:
        holds, value = super().judge(now)
        self._ripe = now >= self._ripe_at
        return holds and self._ripe, value

    @property
    def first(self) -> int | None:
        return None

    @property
    def empty(self) -> bool:
        return False

    @property
    def next_change(self) -> int | None:
        return self.window.next_change if self._ripe else self._ripe_at


class Figure(Windowed):
    """The worst figure of the window: the highest, or for `under` the lowest."""

    __slots__ = ()
    window: Extremes

    def __init__(self, rule: AlertRule) -> None:
        super().__init__(rule, Extremes(held_s(rule)))

    def add(self, second: int, figure: float) -> None:
        self.window.add(second, figure)

    def judge(self, now: int) -> tuple[bool, float]:
        self.window.leave(now)
        worst = self.window.low if self.rule.fires == "under" else self.window.high
        return (False, 0.0) if worst is None else (self.beyond(worst), worst)


class Part(Windowed):
    """The share of bad ones in the window, or for what is promised as good (`of_good`) the share of good ones."""

    __slots__ = ("of_good",)
    prompt = False
    window: Sums

    def __init__(self, rule: AlertRule, *, of_good: bool) -> None:
        super().__init__(rule, Sums(held_s(rule)))
        self.of_good = of_good

    def add(self, second: int, total: float, bad: float) -> None:
        self.window.add(second, total, bad)

    def judge(self, now: int) -> tuple[bool, float]:
        self.window.leave(now)
        total, bad = self.window.total, self.window.bad
        if total < self.rule.minimum:
            return False, 0.0
        value = (total - bad if self.of_good else bad) / total
        return self.beyond(value), value

    @property
    def first(self) -> int | None:
        return self.window.first_bad


def burn_rate(total: float, bad: float, budget: float) -> float:
    """How many times faster than allowed a budget is spent: the pages of objectives say the same as the rules."""
    # Rounded, so that 1.44 % of a budget of 0.1 % is 14.4 times and not a hair less.
    return round(bad / total / budget, 9) if total else 0.0


class Burn(Condition):
    """How many times too fast a budget is spent, over two windows: both must hold. The value is that of the long one."""

    __slots__ = ("budget", "long", "short")
    prompt = False

    def __init__(self, rule: AlertRule, budget: float) -> None:
        super().__init__(rule)
        self.budget = budget
        self.long = Sums(held_s(rule))
        self.short = Sums(rule.short_window_s or MINUTE_S)

    def add(self, second: int, total: float, bad: float) -> None:
        self.long.add(second, total, bad)
        self.short.add(second, total, bad)

    def judge(self, now: int) -> tuple[bool, float]:
        self.long.leave(now)
        self.short.leave(now)
        pace = self._pace(self.long)
        return self.beyond(pace) and self.beyond(self._pace(self.short)), pace

    def _pace(self, sums: Sums) -> float:
        return burn_rate(sums.total, sums.bad, self.budget)

    @property
    def next_change(self) -> int | None:
        changes = [each for each in (self.long.next_change, self.short.next_change) if each is not None]
        return min(changes, default=None)

    @property
    def first(self) -> int | None:
        return self.short.first_bad

    @property
    def last(self) -> int:
        return self.long.last

    def state(self) -> Any:
        return [self.long.state(), self.short.state()]

    def restore(self, state: Any) -> None:
        self.long.restore(state[0])
        self.short.restore(state[1])


class Slowness(Windowed):
    """The 95th percentile of the window."""

    __slots__ = ()
    prompt = False
    window: Spread

    def __init__(self, rule: AlertRule) -> None:
        older = Spread(rule.baseline_s, step_s=MINUTE_S) if rule.baseline_s else None
        super().__init__(rule, Spread(held_s(rule), older))

    def add(self, second: int, durations: Durations) -> None:
        self.window.add(second, durations)

    def judge(self, now: int) -> tuple[bool, float]:
        self.window.leave(now)
        if self.window.count < self.rule.minimum:
            return False, 0.0
        value = self.window.quantile(P95) or 0.0
        return self.beyond(value), value

    def state(self) -> Any:
        older = self.window.older
        return [self.window.state(), older.state() if older is not None else []]

    def restore(self, state: Any) -> None:
        self.window.restore(state[0])
        if self.window.older is not None:
            self.window.older.restore(state[1])


class Growth(Slowness):
    """By how much the 95th percentile is above that of the time before; both need the rule's `minimum`."""

    __slots__ = ()

    def judge(self, now: int) -> tuple[bool, float]:
        self.window.leave(now)
        older = self.window.older
        if older is None or min(older.count, self.window.count) < self.rule.minimum:
            return False, 0.0
        before = older.quantile(P95) or 0.0
        value = (self.window.quantile(P95) or 0.0) / before - 1 if before else 0.0
        return self.beyond(value), value


class Streak(Condition):
    """So many in a row that were bad; a good one ends it. Time alone changes nothing."""

    __slots__ = ("_last", "_since", "number")
    ends_by_news = True

    def __init__(self, rule: AlertRule) -> None:
        super().__init__(rule)
        self.number = 0
        self._last = self._since = 0

    def add(self, second: int, *, bad: bool) -> None:
        """One answer, unless a later one is known: what comes late says nothing of now."""
        if second >= self._last:
            self._last = second
            if bad and not self.number:
                self._since = second
            self.number = self.number + 1 if bad else 0

    def judge(self, now: int) -> tuple[bool, float]:
        return self.number > 0 and self.beyond(self.number), float(self.number)

    @property
    def next_change(self) -> int | None:
        return None

    @property
    def first(self) -> int | None:
        return self._since if self.number else None

    @property
    def last(self) -> int:
        return self._last

    @property
    def empty(self) -> bool:
        return False  # jobs and paths are few, and what came last tells what is late

    def hold(self) -> None:
        """It is known to hold: an episode is open, and what began it is no longer kept."""
        threshold = self.rule.threshold.value if self.rule.threshold else 1.0
        self.number = max(self.number, ceil(threshold) + (self.rule.fires == "over"))

    def state(self) -> Any:
        return [self.number, self._last, self._since]

    def restore(self, state: Any) -> None:
        self.number, self._last, self._since = state


def counting(rule: AlertRule, now: int) -> Count:
    """What counts for a rule that is watched from second `now` on."""
    return Fewer(rule, now) if rule.fires == "under" else Count(rule)


def held_s(rule: AlertRule) -> int:
    """The rule's window. What happens at a point of time (an issue is new, or is back) is held for the cooldown:
    others join in it, and what comes while a new episode must wait is told when it may begin."""
    return rule.window_s or rule.cooldown_s or MINUTE_S

"""When an episode begins and ends, given when its rule holds: once per episode, cooldown, yielding, and the clock.

Each rule is held against each place (project and environment) and key (all, an issue, a route, a feature ...) alone.
A second is over when the clock has passed it; what goes by whole seconds is judged then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Literal

from monitor.alerts.engine_conditions import Condition, held_s
from monitor.alerts.engine_rules import Ranked

Place = tuple[int, str]
"""Project and environment."""


@dataclass(slots=True, eq=False)
class Watched:
    """A rule at one place under one key: its condition, and the episode that is open or was."""

    ranked: Ranked
    place: Place
    key: str
    condition: Condition
    is_open: bool = False
    quiet_until: int = 0
    due: int | None = None
    """The second at which the clock looks at it next."""


@dataclass(frozen=True, slots=True)
class Change:
    """An episode that has begun or ended."""

    watched: Watched
    kind: Literal["fired", "resolved"]
    at: int
    value: float


@dataclass(slots=True)
class Episodes:
    """All that is watched, with what is due when."""

    now: int = 0
    learning: bool = False
    """What comes is taken in and nothing is concluded: what followed from it is known (engine_state.py)."""
    _watched: dict[tuple[int, Place, str], Watched] = field(default_factory=dict)
    _due: list[tuple[int, int, int, Watched]] = field(default_factory=list)
    _pushed: int = 0
    _open: dict[tuple[Place, str], int] = field(default_factory=dict)
    """How many episodes of a rule are open at a place."""
    _ended: dict[tuple[Place, str], int] = field(default_factory=dict)
    _yielding: dict[tuple[Place, str], set[Watched]] = field(default_factory=dict)
    """Who waits for the end of a sharper rule's episodes."""

    @property
    def count(self) -> int:
        return len(self._watched)

    def find(self, ranked: Ranked, place: Place, key: str) -> Watched | None:
        return self._watched.get((ranked.rank, place, key))

    def begin(self, ranked: Ranked, place: Place, key: str, condition: Condition) -> Watched:
        watched = Watched(ranked, place, key, condition)
        self._watched[ranked.rank, place, key] = watched
        return watched

    def advance(self, now: int) -> list[Change]:
        """Let the clock come to `now`, which has begun and is not over: all seconds before it are judged."""
        changes = []
        while self._due and self._due[0][0] < now and not self.learning:
            at, _, _, watched = heappop(self._due)
            if watched.due == at:
                watched.due = None
                self.now = max(self.now, at)
                if change := self.judge(watched, at):
                    changes.append(change)
        self.now = max(self.now, now)
        return changes

    def added(self, watched: Watched, at: int = 0) -> Change | None:
        """Something new came: judged now, or when this second is over. `at`: when it came, where the clock is behind."""
        if self.learning:
            change = watched.condition.next_change
            if change is not None and change <= self.now:
                watched.condition.judge(self.now)  # so that it lets go of what is out of its window
        elif watched.condition.prompt:
            if not watched.is_open or watched.due is None or watched.condition.ends_by_news:
                return self.judge(watched, max(self.now, at))
        else:
            self._look_at(watched, self.now)
        return None

    def adopt(self, watched: Watched, ended: int | None) -> None:
        """An episode that is known: open, or over since `ended`."""
        spot = (watched.place, watched.ranked.rule.id)
        if ended is not None:
            watched.quiet_until = max(watched.quiet_until, ended + watched.ranked.rule.cooldown_s)
            self._ended[spot] = max(self._ended.get(spot, 0), ended)
        elif not watched.is_open:
            watched.is_open = True
            self._open[spot] = self._open.get(spot, 0) + 1

    def settle(self) -> Iterator[Change]:
        """Learning is over: all is judged as it stands. Gives only what does not follow from what is known."""
        self.learning = False
        for watched in sorted(self._watched.values(), key=lambda each: each.ranked.rank):
            if change := self.judge(watched, self.now):
                yield change

    @property
    def watched(self) -> Iterable[Watched]:
        return self._watched.values()

    @property
    def next_due(self) -> int | None:
        """The second at whose end the clock has something to judge."""
        return self._due[0][0] if self._due else None

    def judge(self, watched: Watched, now: int) -> Change | None:
        condition = watched.condition
        holds, value = condition.judge(now)
        if not holds and not watched.is_open and condition.prompt and watched.due is not None:
            return None  # as most of what comes: nothing to tell, and the clock has it already
        told: Change | None = None
        again: int | None = None
        if watched.is_open and not holds:
            told = self._end(watched, now, value)
        elif holds and not watched.is_open:
            wait = self._silent_until(watched)
            if wait is not None and wait <= now:
                told = self._open_one(watched, now, value)
            else:
                again = wait
        if watched.is_open or not condition.prompt:
            change = condition.next_change
            again = change if again is None else again if change is None else min(again, change)
        self._keep(watched, now, again)
        return told

    def _open_one(self, watched: Watched, now: int, value: float) -> Change:
        watched.is_open = True
        spot = (watched.place, watched.ranked.rule.id)
        self._open[spot] = self._open.get(spot, 0) + 1
        return Change(watched, "fired", now, value)

    def _end(self, watched: Watched, now: int, value: float) -> Change:
        watched.is_open = False
        watched.quiet_until = now + watched.ranked.rule.cooldown_s
        spot = (watched.place, watched.ranked.rule.id)
        self._open[spot] -= 1
        if not self._open[spot]:
            self._ended[spot] = now
            for waiting in self._yielding.pop(spot, ()):
                self._look_at(waiting, now)
        return Change(watched, "resolved", now, value)

    def _silent_until(self, watched: Watched) -> int | None:
        """The first second at which it may speak; None while a sharper rule speaks.

        After that one has ended, a whole window has to pass: what is in it before belongs to the sharper's episode.
        """
        rule = watched.ranked.rule
        until = watched.quiet_until
        for sharper in rule.yields_to:
            spot = (watched.place, sharper)
            if self._open.get(spot):
                self._yielding.setdefault(spot, set()).add(watched)
                return None
            if spot in self._ended:
                until = max(until, self._ended[spot] + held_s(rule))
        return until

    def _look_at(self, watched: Watched, at: int) -> None:
        if watched.due is None or at < watched.due:
            watched.due = at
            self._pushed += 1
            heappush(self._due, (at, watched.ranked.rank, self._pushed, watched))

    def _keep(self, watched: Watched, now: int, again: int | None) -> None:
        """See to it that it is looked at again, or forgotten when it has nothing left to say."""
        if again is not None and again > now:
            self._look_at(watched, again)
        elif watched.due is None:
            # Only to be forgotten in time: nothing is to be told before.
            left = max(watched.condition.last + held_s(watched.ranked.rule), watched.quiet_until)
            if not watched.condition.empty and left > now:
                self._look_at(watched, left)
            elif watched.condition.empty and watched.quiet_until > now:
                self._look_at(watched, watched.quiet_until)
            elif watched.condition.empty and not watched.is_open:
                self._forget(watched)

    def _forget(self, watched: Watched) -> None:
        key = (watched.ranked.rank, watched.place, watched.key)
        if self._watched.get(key) is watched:
            del self._watched[key]

"""The rules of the strategy, held against what comes in. No Django, no clock of its own: live and rehearsed alike.

    engine = Engine(load_strategy())
    for transition in engine.fact(fact):
        ...
    engine.tick(time.time())

Windows go by when things happened, the clock by when they were received: what is later than its window is counted
nowhere, so a spool that is sent a day late pages nobody for yesterday, and what claims to come from the future counts
as of now. Each call gives the episodes that have begun or ended by then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from monitor.alerts import measurements as kinds
from monitor.alerts.engine_conditions import Count, counting
from monitor.alerts.engine_episodes import Change, Episodes, Place
from monitor.alerts.engine_measured import Releases, measured
from monitor.alerts.engine_rules import Ranked, RuleIndex
from monitor.alerts.measurements import Measurement
from monitor.digest.facts import Fact
from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy

LATE_S = 3600
"""A new or returned issue that is told later than this pages nobody: it has no window that would say so."""
_RECENT = 500
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an episode began or ended with: the latest issues and events that its rule looks at."""

    issues: tuple[int, ...] = ()
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """An episode has begun ("fired") or ended ("resolved"). `at` is a whole second since 1970."""

    rule: AlertRule
    key: str
    kind: Literal["fired", "resolved"]
    at: float
    value: float
    environment: str
    project_id: int
    evidence: Evidence


class Engine:
    """Rules are evaluated where the strategy has `alerts = true`, and in `also_in`: there people look at episodes, and
    nobody is told (monitor.alerts.telling)."""

    def __init__(self, strategy: Strategy, also_in: Collection[str] = ()) -> None:
        self._index = RuleIndex(strategy, also_in)
        self._episodes = Episodes()
        self._releases = Releases()
        self._recent: dict[Place, deque[Fact]] = {}
        self._started: int | None = None

    def fact(self, fact: Fact, now: float | None = None) -> list[Transition]:
        """One event. `now` where the clock is not that of receipt: when a backlog is read."""
        told = self._clock(fact.received if now is None else now)
        rules = self._index.of_fact(fact.environment, fact.category, fact.severity)
        if rules:
            place = (fact.project_id, fact.environment)
            self._remember(place, fact)
            second = min(int(fact.time), self._episodes.now)
            for ranked in rules:
                key = self._key_of(ranked.rule, fact, second)
                if key is not None:
                    told += self._count(ranked, place, key, second, fact.times)
        return self._transitions(told)

    def measure(self, measurement: Measurement, now: float | None = None) -> list[Transition]:
        """One sum, figure, check-in, probe or deploy."""
        told = self._clock(measurement.received if now is None else now)
        if measurement.kind == kinds.DEPLOY:
            self._releases.deployed(measurement)
        for watched in measured(self._index, self._episodes, self._releases, measurement):
            told += self._episodes.added(watched)
        return self._transitions(told)

    def tick(self, now: float) -> list[Transition]:
        """Time has passed: windows have emptied. The second of `now` itself is not over yet."""
        return self._transitions(self._clock(now))

    @property
    def watched_count(self) -> int:
        """Rules times keys that are kept: what the engine's memory goes by."""
        return self._episodes.count

    def _clock(self, now: float) -> list[Change]:
        second = int(now)
        if self._started is None:
            self._started = self._episodes.now = second
            self._watch_for_absence()
        return list(self._episodes.advance(second))

    def _watch_for_absence(self) -> None:
        """Rules on too few must watch from the start, or nothing at all would never be too few."""
        for ranked in self._index.rules:
            rule = ranked.rule
            if rule.fires == "under" and rule.watches in ("events", "counter") and rule.per == "all":
                for environment in sorted(ranked.environments):
                    condition = counting(rule, self._episodes.now)
                    watched = self._episodes.begin(ranked, (1, environment), "all", condition)
                    # Looked at when the second is over; nothing is told yet.
                    list(self._episodes.added(watched))

    def _count(self, ranked: Ranked, place: Place, key: str, second: int, times: int) -> Iterator[Change]:
        watched = self._episodes.find(ranked, place, key)
        if watched is None:
            watched = self._episodes.begin(ranked, place, key, counting(ranked.rule, self._episodes.now))
        condition = watched.condition
        assert isinstance(condition, Count)  # noqa: S101  (a rule's watch says its condition)
        condition.add(second, times)
        return self._episodes.added(watched)

    def _key_of(self, rule: AlertRule, fact: Fact, second: int) -> str | None:
        """What the fact is counted under; None where the rule does not look at it."""
        if rule.watches != "events":
            happened = fact.is_new if rule.watches == "new_issue" else fact.regressed
            if not happened or second <= self._episodes.now - LATE_S:
                return None
        if rule.tags and any(fact.tags.get(name) != value for name, value in rule.tags.items()):
            return None
        if rule.release == "new" and not self._releases.is_new(
            fact.project_id, fact.environment, fact.release, second
        ):
            return None
        if rule.per == "all":
            return fact.release if rule.release == "new" else "all"
        if rule.per == "issue":
            return str(fact.issue_id)
        if rule.per == "route":
            return fact.transaction or None
        if rule.per == "user":
            return fact.user.hex() if fact.user else None
        return fact.tags.get("client") or None

    def _remember(self, place: Place, fact: Fact) -> None:
        recent = self._recent.get(place)
        if recent is None:
            recent = self._recent[place] = deque(maxlen=_RECENT)
        recent.append(fact)

    def _transitions(self, changes: list[Change]) -> list[Transition]:
        return [self._transition(change) for change in changes] if changes else []

    def _transition(self, change: Change) -> Transition:
        watched = change.watched
        project_id, environment = watched.place
        rule = watched.ranked.rule
        evidence = self._evidence(change)
        return Transition(
            rule, watched.key, change.kind, float(change.at), change.value, environment, project_id, evidence
        )

    def _evidence(self, change: Change) -> Evidence:
        watched = change.watched
        ranked = watched.ranked
        if ranked.rule.watches not in ("events", "new_issue", "regression"):
            return Evidence()
        looked_at = [
            fact
            for fact in reversed(self._recent.get(watched.place, ()))
            if ranked in self._index.of_fact(fact.environment, fact.category, fact.severity)
            and self._key_of(ranked.rule, fact, int(fact.time)) == watched.key
        ][:_SHOWN]
        issues = tuple(dict.fromkeys(fact.issue_id for fact in looked_at))
        return Evidence(issues, tuple(fact.uid.hex() for fact in looked_at))

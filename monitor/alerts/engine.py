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
from itertools import product
from typing import Any, Literal

from monitor.alerts import measurements as kinds
from monitor.alerts.engine_conditions import Count, Streak
from monitor.alerts.engine_episodes import Change, Episodes, Place
from monitor.alerts.engine_measured import Releases, condition_of, measured
from monitor.alerts.engine_rules import Ranked, RuleIndex
from monitor.alerts.entries import Entry, decode, encode
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
    releases: tuple[str, ...] = ()
    users: int = 0
    """How many different ones met these."""


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
    since: float | None = None
    """The second in which the first happened of what it tells of, as far as the window tells."""


class Engine:
    """Rules are evaluated where the strategy has `alerts = true`, and in `also_in`: there people look at episodes, and
    nobody is told (monitor.alerts.telling). `projects`: those in which what does not come is missed."""

    def __init__(
        self, strategy: Strategy, also_in: Collection[str] = (), *, projects: Collection[int] = (1,)
    ) -> None:
        self._index = RuleIndex(strategy, also_in)
        self._projects = tuple(projects)
        self._episodes = Episodes()
        self._releases = Releases()
        self._recent: dict[Place, deque[Fact]] = {}
        self._started: int | None = None

    def fact(self, fact: Fact, now: float | None = None) -> list[Transition]:
        """One event. `now` where the clock is not that of receipt: when a backlog is read."""
        told = self._clock(fact.received if now is None else now)
        place = (fact.project_id, fact.environment)
        rules = self._index.of_fact(fact)
        if rules:
            self._remember(place, fact)
            second = min(int(fact.time), self._episodes.now)
            for ranked in rules:
                key = self._key_of(ranked, fact, second)
                if key is not None and (change := self._count(ranked, place, key, second, fact.times)):
                    told.append(change)
        return self._transitions(told)

    def measure(self, measurement: Measurement, now: float | None = None) -> list[Transition]:
        """One sum, figure, check-in, probe or deploy."""
        told = self._clock(measurement.received if now is None else now)
        if measurement.kind == kinds.DEPLOY:
            self._releases.deployed(measurement)
        for watched in measured(self._index, self._episodes, self._releases, measurement):
            # In a row goes by no window, so it need not wait for a clock that is behind.
            at = int(measurement.received) if isinstance(watched.condition, Streak) else 0
            if change := self._episodes.added(watched, at):
                told.append(change)
        return self._transitions(told)

    def take(self, entry: Entry, now: float | None = None) -> list[Transition]:
        """A fact or a measurement."""
        return self.fact(entry, now) if isinstance(entry, Fact) else self.measure(entry, now)

    def tick(self, now: float) -> list[Transition]:
        """Time has passed: windows have emptied. The second of `now` itself is not over yet."""
        return self._transitions(self._clock(now))

    @property
    def watched_count(self) -> int:
        """Rules times keys that are kept: what the engine's memory goes by."""
        return self._episodes.count

    @property
    def now(self) -> int:
        """The second that the clock stands at, 0 before the first."""
        return self._episodes.now

    @property
    def next_due(self) -> int | None:
        """The second at whose end something is judged, whether or not anything comes."""
        return self._episodes.next_due

    def start(self, since: float, *, learning: bool) -> None:
        """Watch from `since` on. While learning, what is taken leads to nothing: what followed from it is known. Then
        `adopt` that, and `settle`."""
        self._started = self._episodes.now = int(since)
        self._episodes.learning = learning
        self._watch_for_absence()

    def adopt(self, rule_id: str, place: Place, key: str, ended: float | None) -> bool:
        """An episode that is known: open, or over since `ended`. False where no rule looks at such a thing any more."""
        ranked = self._index.called(rule_id)
        if ranked is None or place[1] not in ranked.environments:
            return False
        watched = self._episodes.find(ranked, place, key)
        if watched is None:
            try:
                condition = condition_of(ranked, key, self._episodes.now)
            except KeyError:
                return False
            watched = self._episodes.begin(ranked, place, key, condition)
        if ended is None and isinstance(watched.condition, Streak):
            watched.condition.hold()
        self._episodes.adopt(watched, None if ended is None else int(ended))
        return True

    def open_values(self) -> Iterator[tuple[str, Place, str, float]]:
        """Rule, place and key of each open episode, and the value that it has now."""
        for each in self._episodes.watched:
            if each.is_open:
                yield each.ranked.rule.id, each.place, each.key, each.condition.judge(self._episodes.now)[1]

    def settle(self) -> list[Transition]:
        """Learning is over. Gives what does not follow from what was adopted: by rules that have changed, say."""
        return self._transitions(list(self._episodes.settle()))

    def state(self) -> dict[str, Any]:
        """Its windows as plain JSON; `restore` takes them while learning. Episodes are whoever keeps them's."""
        return {
            "deployed": self._releases.state(),
            "recent": [encode(fact) for some in self._recent.values() for fact in some],
            "windows": [
                [each.ranked.rule.id, *each.place, each.key, each.condition.state()]
                for each in self._episodes.watched
                if not each.condition.empty
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Of an engine with the same strategy. Raises KeyError, TypeError or ValueError for any other."""
        self._releases.restore(state["deployed"])
        for raw in state["recent"]:
            fact = decode(raw)
            if isinstance(fact, Fact):
                self._remember((fact.project_id, fact.environment), fact)
        for rule_id, project_id, environment, key, held in state["windows"]:
            ranked = self._index.called(rule_id)
            if ranked is None:
                raise KeyError(rule_id)
            place = (project_id, environment)
            watched = self._episodes.find(ranked, place, key)
            if watched is None:
                condition = condition_of(ranked, key, self._episodes.now)
                watched = self._episodes.begin(ranked, place, key, condition)
            watched.condition.restore(held)

    def _clock(self, now: float) -> list[Change]:
        if self._started is None:
            self.start(now, learning=False)
        return self._episodes.advance(int(now))

    def _watch_for_absence(self) -> None:
        """Rules on too few must watch from the start, or nothing at all would never be too few."""
        for ranked in self._index.rules:
            rule = ranked.rule
            if rule.fires == "under" and rule.watches in ("events", "counter") and rule.per == "all":
                for place in product(self._projects, sorted(ranked.environments)):
                    condition = condition_of(ranked, "all", self._episodes.now)
                    watched = self._episodes.begin(ranked, place, "all", condition)
                    # Looked at when the second is over; nothing is told yet.
                    self._episodes.added(watched)

    def _count(self, ranked: Ranked, place: Place, key: str, second: int, times: int) -> Change | None:
        watched = self._episodes.find(ranked, place, key)
        if watched is None:
            made = condition_of(ranked, key, self._episodes.now)
            watched = self._episodes.begin(ranked, place, key, made)
        condition = watched.condition
        assert isinstance(condition, Count)  # noqa: S101  (a rule's watch says its condition)
        condition.add(second, times)
        return self._episodes.added(watched)

    def _key_of(self, ranked: Ranked, fact: Fact, second: int) -> str | None:
        """What the fact is counted under; None where the rule, one of the index's, does not look at it."""
        if ranked.counts_all:
            return "all"
        rule = ranked.rule
        if rule.watches != "events" and second <= self._episodes.now - LATE_S:
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
        first = watched.condition.first
        since = None if first is None else float(min(first, change.at))
        return Transition(
            rule,
            watched.key,
            change.kind,
            float(change.at),
            change.value,
            environment,
            project_id,
            evidence,
            since,
        )

    def _evidence(self, change: Change) -> Evidence:
        watched = change.watched
        ranked = watched.ranked
        if ranked.rule.watches not in ("events", "new_issue", "regression"):
            return Evidence()
        # Of so many facts there are few kinds: the index is asked once for each.
        concerns: dict[tuple[str, str, bool, bool], bool] = {}
        looked_at = []
        for fact in reversed(self._recent.get(watched.place, ())):
            kind = (fact.category, fact.severity, fact.is_new, fact.regressed)
            if (is_concerned := concerns.get(kind)) is None:
                is_concerned = concerns[kind] = ranked in self._index.of_fact(fact)
            if is_concerned and self._key_of(ranked, fact, int(fact.time)) == watched.key:
                looked_at.append(fact)
        shown = looked_at[:_SHOWN]
        return Evidence(
            tuple(dict.fromkeys(fact.issue_id for fact in shown)),
            tuple(fact.uid.hex() for fact in shown),
            tuple(dict.fromkeys(fact.release for fact in shown if fact.release)),
            len({fact.user for fact in looked_at if fact.user}),
        )

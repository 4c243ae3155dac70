"""Which rules look at what: worked out once from the strategy, so that a fact meets only the rules that it concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from monitor.digest.facts import Fact
from strategy.model.alerting import AlertRule
from strategy.model.service_levels import Slo
from strategy.model.strategy import Strategy


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A rule with its place: sharper rules come before those that yield to them."""

    rule: AlertRule
    rank: int
    environments: frozenset[str]
    features: frozenset[str]
    slos: tuple[Slo, ...]
    counts_all: bool
    """Of events that are of its categories and severities, it counts each, and all together."""


class RuleIndex:
    """The rules in use, by what they look at and where."""

    def __init__(self, strategy: Strategy, also_in: Collection[str] = ()) -> None:
        self._strategy = strategy
        where = alerting_environments(strategy) | frozenset(also_in)
        self.rules = tuple(
            Ranked(
                rule,
                rank,
                frozenset(rule.environments) or where,
                frozenset(rule.features),
                tuple(strategy.slos[name] for name in rule.slos),
                rule.watches == "events" and rule.per == "all" and not rule.tags and rule.release != "new",
            )
            for rank, rule in enumerate(sharper_first(strategy.alerts))
            if rule.enabled
        )
        self._by_id = {each.rule.id: each for each in self.rules}
        self._of_events: dict[tuple[str, str, str, bool, bool], tuple[Ranked, ...]] = {}
        self._of_watch: dict[tuple[str, str], tuple[Ranked, ...]] = {}
        self.features_of = lru_cache(maxsize=4096)(self._features_of)

    def called(self, rule_id: str) -> Ranked | None:
        return self._by_id.get(rule_id)

    def of_fact(self, fact: Fact) -> tuple[Ranked, ...]:
        """Rules on events, new issues and regressions, by all that can be said of many facts at once."""
        key = (fact.environment, fact.category, fact.severity, fact.is_new, fact.regressed)
        found = self._of_events.get(key)
        if found is None:
            watches = ("events", *["new_issue"] * fact.is_new, *["regression"] * fact.regressed)
            met = (
                ranked
                for watch in watches
                for ranked in self.of_watch(fact.environment, watch)
                if (not ranked.rule.categories or fact.category in ranked.rule.categories)
                and (not ranked.rule.severities or fact.severity in ranked.rule.severities)
            )
            found = self._of_events[key] = tuple(sorted(met, key=lambda ranked: ranked.rank))
        return found

    def of_watch(self, environment: str, watch: str) -> tuple[Ranked, ...]:
        found = self._of_watch.get((environment, watch))
        if found is None:
            found = self._of_watch[environment, watch] = tuple(
                each for each in self.rules if each.rule.watches == watch and environment in each.environments
            )
        return found

    def _features_of(self, name: str) -> frozenset[str]:
        """The features that a route or task belongs to."""
        return frozenset(
            feature.name
            for feature in self._strategy.features.values()
            if any(fnmatchcase(name, pattern) for pattern in (*feature.routes, *feature.tasks))
        )


def looked_at(strategy: Strategy) -> frozenset[str]:
    """Every environment in which some rule is held."""
    named = {each for rule in strategy.alerts for each in rule.environments if rule.enabled}
    return alerting_environments(strategy) | named


def alerting_environments(strategy: Strategy) -> frozenset[str]:
    """Where people are told."""
    return frozenset(each.name for each in strategy.environments.values() if each.alerts)


def sharper_first(rules: Iterable[AlertRule]) -> list[AlertRule]:
    """In the order of the file, but no rule before one that it yields to; a circle is cut where it is met."""
    by_id = {rule.id: rule for rule in rules}
    ordered: list[AlertRule] = []
    met: set[str] = set()

    def place(rule: AlertRule) -> None:
        if rule.id in met:
            return
        met.add(rule.id)
        for name in rule.yields_to:
            place(by_id[name])
        ordered.append(rule)

    for rule in by_id.values():
        place(rule)
    return ordered

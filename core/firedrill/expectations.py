"""What the strategy says is to come of a failure: its group, the rules that fire, who is told through what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy

STACK, OF_CATEGORY, OF_TASK = "stack", "category", "task"
"""How a case is grouped, beside the ids of [[fingerprints]]."""

ANY_EVENT = 1


@dataclass(frozen=True, slots=True)
class Cause:
    """`events` of one category and severity within seconds."""

    category: str
    severity: str
    events: int = ANY_EVENT


def expected_fingerprint(strategy: Strategy, group: str, category: str) -> tuple[str, ...] | None:
    """As it stands in the event; None where the stack trace decides, or Celery's own."""
    if group == OF_CATEGORY:
        return strategy.categories[category].fingerprint
    return next((rule.fingerprint for rule in strategy.fingerprints if rule.id == group), None)


def is_grouped_so(fingerprint: Any, strategy: Strategy, group: str, category: str) -> bool:
    """Whether an event with this fingerprint is in the group that it should be in."""
    found = tuple(fingerprint or ())
    if group == STACK:
        return found in ((), ("{{ default }}",))
    if group == OF_TASK:
        return found[:1] == ("celery",)
    return found == expected_fingerprint(strategy, group, category)


def rules_that_fire(strategy: Strategy, cause: Cause) -> list[AlertRule]:
    """Those that this cause alone makes hold, without the ones that a sharper one silences."""
    rules = [rule for rule in strategy.alerts if rule.enabled and _holds(rule, cause)]
    names = {rule.id for rule in rules}
    return [rule for rule in rules if not names.intersection(rule.yields_to)]


def rule_called(strategy: Strategy, name: str) -> AlertRule:
    """Raises LookupError: the strategy has no such rule."""
    for rule in strategy.alerts:
        if rule.id == name:
            return rule
    raise LookupError(f"The strategy has no alert rule {name!r}.")


def channels_of(strategy: Strategy, rule: AlertRule) -> tuple[str, ...]:
    return rule.channels or strategy.severities[rule.severity].channels


def opens_incident(strategy: Strategy, rule: AlertRule) -> bool:
    return strategy.severities[rule.severity].opens_incident


def waits_for_morning(strategy: Strategy, rule: AlertRule) -> bool:
    """Whether it is told only when the quiet hours are over, if it fires in them."""
    return strategy.severities[rule.severity].heeds_quiet_hours


def rules_with_long_windows(strategy: Strategy, longest_s: float) -> Iterable[AlertRule]:
    """Which a drill cannot wait for."""
    for rule in strategy.alerts:
        window_s = max(rule.window_s or 0, rule.baseline_s or 0)
        if rule.enabled and window_s > longest_s:
            yield rule


def _holds(rule: AlertRule, cause: Cause) -> bool:
    if rule.watches != "events" or rule.tags or rule.release == "new" or rule.per != "all":
        return False
    if rule.categories and cause.category not in rule.categories:
        return False
    if rule.severities and cause.severity not in rule.severities:
        return False
    threshold = rule.threshold.value if rule.threshold else ANY_EVENT
    return cause.events > threshold if rule.fires == "over" else cause.events >= threshold

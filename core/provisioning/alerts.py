"""Each rule as one alert (`workflow` in Sentry's API): when it looks, at which events, who is told, how often."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from core.provisioning.actions import actions_of
from core.provisioning.marks import Mark
from core.provisioning.monitors import is_project_wide, monitors_of
from core.provisioning.wanted import Json, Place, Wanted, Wish
from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy

ISSUE_STREAM = "every issue"
"""Stands for the project's own monitor of issues, which Sentry makes: alerts on single errors listen to it."""

_INTERVALS = {60: "1min", 300: "5min", 900: "15min", 3600: "1h", 86400: "1d", 604800: "1w", 2592000: "30d"}
_FREQUENCIES_MIN = (5, 10, 30, 60, 180, 720, 1440)
_OUTAGES = 10
_NOWHERE = {
    "counter": "What the application counts is no event, and no metric monitor reads it.",
    "gauge": "What the application measures is sent as a metric, which metric monitors do not read in the published API.",
    "ratio": "What the application measures is sent as a metric, which metric monitors do not read in the published API.",
    "failed_probe": "Uptime monitors are not in the published API.",
}
_INSTEAD = {
    "counter": "The monitor's rule; in Sentry, a dashboard over Explore, Metrics.",
    "gauge": "The dashboards show it; an alert on it is made by hand in Explore, Metrics.",
    "ratio": "The monitor's rule; in Sentry, Insights, Caches.",
    "failed_probe": "Make an uptime monitor for /livez by hand; the alert of missed check-ins listens to it too.",
}


def alerts_wish(strategy: Strategy, place: Place, wish: Wish) -> None:
    """Monitors and alerts of all enabled rules, in each environment that they hold for."""
    default = tuple(each.name for each in strategy.environments.values() if each.alerts)
    for rule in strategy.alerts:
        if not rule.enabled:
            continue
        if rule.watches in _NOWHERE:
            wish.miss(rule.id, _NOWHERE[rule.watches], _INSTEAD[rule.watches])
            continue
        if rule.watches == "events" and rule.per not in {"all", "issue"}:
            wish.miss(rule.id, f"Events cannot be counted for each {rule.per}.", "The monitor's rule.")
            continue
        environments, made = rule.environments or default, False
        for environment in environments:
            suffix = f"@{environment}" if len(environments) > 1 else ""
            made = _add(strategy, rule, environment, suffix, place, wish)
        if made and rule.yields_to:
            why = f"An alert cannot be silent while another ({', '.join(rule.yields_to)}) speaks."
            wish.miss(rule.id, why, "Made all the same: both may be heard.")


def _add(
    strategy: Strategy, rule: AlertRule, environment: str, suffix: str, place: Place, wish: Wish
) -> bool:
    monitors = monitors_of(strategy, rule, environment, suffix, place, wish)
    numeric = rule.watches not in {"events", "new_issue", "regression", "missed_check_in"}
    if not monitors and (numeric or (rule.watches == "events" and is_project_wide(rule))):
        return False  # said already why not
    wish.objects += monitors
    key = rule.id + suffix
    body = {
        "name": Mark(place.project).name(rule.title, key, 256),
        "enabled": True,
        "config": {"frequency": _frequency(rule)},
        "environment": environment,
        "triggers": {"logic_type": "any-short", "conditions": _triggers(rule, numeric=bool(monitors))},
        "action_filters": list(_filters(strategy, rule, place, wish, numeric=bool(monitors))),
    }
    listens = tuple(each.key for each in monitors) or (ISSUE_STREAM,)
    wish.objects.append(Wanted("alert", key, body, listens))
    return True


def _triggers(rule: AlertRule, *, numeric: bool) -> list[Json]:
    if numeric or rule.watches == "missed_check_in":
        return [_true("first_seen_event"), _true("reappeared_event"), _true("regression_event")]
    if rule.watches == "new_issue":
        return [_true("first_seen_event")]
    if rule.watches == "regression":
        return [_true("regression_event")]
    return []  # every event


def _filters(
    strategy: Strategy, rule: AlertRule, place: Place, wish: Wish, *, numeric: bool
) -> Iterator[Json]:
    """One group for each way to match: conditions of a group hold together, groups stand side by side."""
    actions = actions_of(strategy, rule, place, wish)
    if numeric:
        yield {"logicType": "all", "conditions": [], "actions": actions}
        return
    common: list[Json] = []
    if rule.watches == "missed_check_in":
        common.append(_condition("issue_category", {"value": _OUTAGES}))
    if rule.release == "new":
        common.append(_true("latest_release"))
    common += [_tag(name, value) for name, value in sorted(rule.tags.items())]
    if (count := _count(rule, wish)) is not None:
        common.append(count)
    for category, severity in product(rule.categories or (None,), rule.severities or (None,)):
        tags = [
            _tag(name, value) for name, value in (("category", category), ("severity", severity)) if value
        ]
        yield {"logicType": "all", "conditions": [*tags, *common], "actions": actions}


def _count(rule: AlertRule, wish: Wish) -> Json | None:
    value = rule.threshold.value if rule.threshold else 1
    if rule.watches != "events" or value <= 1:
        return None
    if rule.release == "new":
        why = "`release:latest` cannot be counted over all issues: an alert counts each issue alone."
        wish.miss(rule.id, why, "Made as: one issue of the latest release so often.")
    window = min(_INTERVALS, key=lambda each: (each < (rule.window_s or 0), abs(each - (rule.window_s or 0))))
    # "More than" in Sentry's words.
    more_than = int(value if rule.fires == "over" else value - 1)
    return _condition("event_frequency_count", {"value": more_than, "interval": _INTERVALS[window]})


def _frequency(rule: AlertRule) -> int:
    """Minutes in which the same issue is told once: the shortest of Sentry's that is not shorter than the cooldown."""
    minutes = rule.cooldown_s / 60
    return next((each for each in _FREQUENCIES_MIN if each >= minutes), _FREQUENCIES_MIN[-1])


def _true(kind: str) -> Json:
    return {"type": kind, "comparison": True, "conditionResult": True}


def _condition(kind: str, comparison: Json) -> Json:
    return {"type": kind, "comparison": comparison, "conditionResult": True}


def _tag(name: str, value: str) -> Json:
    return _condition("tagged_event", {"key": name, "match": "eq", "value": value})

"""Rules as strategy.toml has them: in the file's own words, in ours, and where the environment has the last word."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from monitor.alerts import wording
from monitor.site.quantities import span
from monitor.site.runbooks import name_of
from strategy.locating import excerpts
from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a page says of a rule."""

    rule: AlertRule
    severity_label: str
    watched: str
    threshold: str
    window: str
    cooldown: str
    channels: tuple[str, ...]
    recipients: tuple[str, ...]
    environments: tuple[str, ...]
    overridden: tuple[tuple[str, str, bool], ...]
    """Key, environment variable, and whether it is set."""
    runbook: str


def texts_of(strategy: Strategy) -> list[RuleText]:
    """In the order of the file."""
    return [text_of(strategy, rule) for rule in strategy.alerts]


def text_of(strategy: Strategy, rule: AlertRule) -> RuleText:
    severity = strategy.severities[rule.severity]
    everywhere = tuple(each.name for each in strategy.environments.values() if each.alerts)
    return RuleText(
        rule=rule,
        severity_label=severity.label,
        watched=wording.watched(strategy, rule),
        threshold=wording.threshold(rule),
        window=span(rule.window_s) if rule.window_s else "",
        cooldown=span(rule.cooldown_s),
        channels=rule.channels or severity.channels,
        recipients=tuple(
            strategy.roles[name].title for name in severity.recipients if name in strategy.roles
        ),
        environments=rule.environments or everywhere,
        overridden=tuple(
            (name, variable, bool(os.environ.get(variable))) for name, variable in rule.from_env.items()
        ),
        runbook=name_of(rule.runbook),
    )


def rule_called(strategy: Strategy, rule_id: str) -> AlertRule | None:
    return next((rule for rule in strategy.alerts if rule.id == rule_id), None)


def as_written(strategy: Strategy, rule_id: str) -> str:
    """The file's own lines; empty when they cannot be read any more."""
    try:
        changed_at = strategy.path.stat().st_mtime_ns
    except OSError:
        return ""
    return _written(strategy.path, changed_at).get(rule_id, "")


@lru_cache(maxsize=2)
def _written(path: Path, changed_at: int) -> dict[str, str]:
    try:
        text = path.read_text()
        rules = tomllib.loads(text).get("alerts", [])
        return dict(zip((rule["id"] for rule in rules), excerpts(text, "alerts"), strict=True))
    except (OSError, ValueError, KeyError, TypeError):
        return {}

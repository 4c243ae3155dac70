"""Rules held against what really came: from the spool through the digest into the journal, and from there by the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from monitor.alerts import live
from monitor.alerts.models import Episode
from monitor.projects.models import Project
from monitor.site import strategy_file
from strategy.loader import load_strategy
from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy
from tests.monitor_site.alerts.clocked import Clocked
from tests.monitor_site.delivering import Delivery

STRATEGY = load_strategy(env={})
UseRules = Callable[..., Strategy]


@pytest.fixture(autouse=True)
def _own_engine() -> Iterator[None]:
    live.forget()
    yield
    live.forget()


@pytest.fixture
def use_rules(monkeypatch: pytest.MonkeyPatch) -> UseRules:
    """`use_rules("database", cooldown_s=60)`: the monitor has these of the strategy's rules, so changed, and no others."""

    def use(*ids: str, extra: tuple[AlertRule, ...] = (), **changes: Any) -> Strategy:
        rules = {rule.id: rule for rule in STRATEGY.alerts}
        chosen = [
            replace(
                rules[name],
                **{"yields_to": tuple(one for one in rules[name].yields_to if one in ids), **changes},
            )
            for name in ids
        ]
        strategy = replace(STRATEGY, alerts=(*chosen, *extra))
        monkeypatch.setattr(strategy_file, "_loaded", lambda path, changed_at: strategy)
        return strategy

    return use


@pytest.fixture
def clocked(deliver: Delivery, project: Project) -> Clocked:
    """Time that the test moves: `clocked.at(30)`, `clocked.event(...)`, `clocked.told()`."""
    return Clocked(deliver)


@pytest.fixture
def episode(project: Project) -> Episode:
    """An open one of the rule `database`, with nobody told."""
    return Episode.objects.create(
        rule="database",
        key="all",
        title="The database fails",
        severity="P0",
        project=project,
        environment="production",
        began_at=1_800_000_000,
        value=1,
        worst=1,
    )

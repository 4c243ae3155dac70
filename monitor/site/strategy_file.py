"""The strategy that the monitor obeys, read again when its file has changed."""

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from strategy import Strategy, load_strategy


def current_strategy() -> Strategy:
    """Raises StrategyError, OSError."""
    if not settings.STRATEGY_FILE:
        return _loaded("", 0)
    return _loaded(settings.STRATEGY_FILE, Path(settings.STRATEGY_FILE).stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _loaded(path: str, changed_at: int) -> Strategy:
    return also_alerting(load_strategy(path or None), settings.ALSO_ALERT_IN)


def also_alerting(strategy: Strategy, environments: Collection[str]) -> Strategy:
    """The strategy with alerts on in these environments of it: where somebody tries alerts out, and for the demo.

    Raises ImproperlyConfigured for one that it does not have.
    """
    unknown = sorted(set(environments) - strategy.environments.keys())
    if unknown:
        raise ImproperlyConfigured(
            f"MONITOR_ALSO_ALERT_IN names {', '.join(unknown)}; the strategy has {', '.join(strategy.environments)}."
        )
    found = {
        name: replace(each, alerts=each.alerts or name in environments)
        for name, each in strategy.environments.items()
    }
    return replace(strategy, environments=found) if environments else strategy

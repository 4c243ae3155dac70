"""The strategy that the monitor obeys, read again when its file has changed."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from strategy import Strategy, load_strategy


def current_strategy() -> Strategy:
    """Raises StrategyError, OSError."""
    if not settings.STRATEGY_FILE:
        return _loaded("", 0)
    return _loaded(settings.STRATEGY_FILE, Path(settings.STRATEGY_FILE).stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _loaded(path: str, changed_at: int) -> Strategy:
    return load_strategy(path or None)

"""The error-handling strategy as data: strategy.toml and its typed, checked loader. Imports nothing of the project."""

from strategy.loader import load_strategy
from strategy.model.strategy import Strategy
from strategy.problems import StrategyError, StrategyProblem

__all__ = ["Strategy", "StrategyError", "StrategyProblem", "load_strategy"]

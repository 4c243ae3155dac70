"""What each input is worth to a fitted model: the efficiency that is lost when the input is shuffled.

Permutation importance (Breiman 2001, doi:10.1023/A:1010933404324), by input and not by feature: all lags and
windows of one input are shuffled together, since each alone could stand in for the others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from experiments.engine.features import SEASON, Array, FeatureTable
from experiments.engine.metrics import nash_sutcliffe_efficiency

Forecast = Callable[[Array, Array], Array]
REPEATS = 5


def input_importance(forecast: Forecast, table: FeatureTable, seed: int) -> list[tuple[str, float]]:
    """(input, mean NSE lost over REPEATS shuffles of the days), the most important first.

    The last observed value, from which a change is forecast, moves with the target's history.
    """
    whole = nash_sutcliffe_efficiency(table.y, forecast(table.x, table.last_observed))
    random = np.random.default_rng(seed)
    groups = np.array(table.groups)
    lost: list[tuple[str, float]] = []
    for group in dict.fromkeys(table.groups):
        columns = np.flatnonzero(groups == group)
        scores = []
        for _ in range(REPEATS):
            order = random.permutation(len(table.y))
            shuffled = table.x.copy()
            shuffled[:, columns] = table.x[np.ix_(order, columns)]
            start = table.last_observed[order] if group.endswith("(history)") else table.last_observed
            scores.append(nash_sutcliffe_efficiency(table.y, forecast(shuffled, start)))
        lost.append((group, whole - float(np.mean(scores))))
    return sorted(lost, key=lambda pair: (-pair[1], pair[0] == SEASON, pair[0]))

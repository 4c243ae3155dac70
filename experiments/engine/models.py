"""The models behind one small interface: fit in steps that can be watched and stopped, then predict.

Chunked fitting (warm start) gives the same trees as one fit: tests compare them byte for byte.
Missing features: ridge puts the training period's median in their place; forest and boosting send them down the
branch that fitted best in training. A feature without any value in training is the caller's to drop.

scikit-learn is imported where a model is made: it takes a second, which web processes and commands need not spend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from experiments.engine.features import Array

Advance = Callable[[float], None]
CHUNKS = 10


class Regressor(Protocol):
    def fit(self, x: Array, y: Array, advance: Advance) -> None:
        """`advance` takes the share that is done, and raises when the work shall stop."""

    def predict(self, x: Array) -> Array: ...


class NoChange:
    """Persistence in terms of change: nothing changes from the last observed value."""

    def fit(self, x: Array, y: Array, advance: Advance) -> None:
        advance(1.0)

    def predict(self, x: Array) -> Array:
        return np.zeros(len(x))


class RidgeModel:
    def __init__(self, alpha: float) -> None:
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self.pipeline = make_pipeline(
            SimpleImputer(strategy="median"),
            StandardScaler(),
            Ridge(alpha, solver="svd"),
        )

    def fit(self, x: Array, y: Array, advance: Advance) -> None:
        self.pipeline.fit(x, y)
        advance(1.0)

    def predict(self, x: Array) -> Array:
        return np.asarray(self.pipeline.predict(x), dtype=np.float64)


class TreeEnsemble:
    """A forest or a boosted ensemble, grown `CHUNKS` parts at a time; `size_name` is its number of trees."""

    def __init__(self, estimator: Any, size_name: str) -> None:
        self.estimator = estimator
        self.size_name = size_name

    def fit(self, x: Array, y: Array, advance: Advance) -> None:
        size = getattr(self.estimator, self.size_name)
        steps = sorted({max(1, size * part // CHUNKS) for part in range(1, CHUNKS + 1)})
        self.estimator.set_params(warm_start=True)
        for grown in steps:
            self.estimator.set_params(**{self.size_name: grown})
            self.estimator.fit(x, y)
            advance(grown / size)

    def predict(self, x: Array) -> Array:
        return np.asarray(self.estimator.predict(x), dtype=np.float64)


def make_model(name: str, parameters: Mapping[str, Any], seed: int) -> Regressor:
    """An unfitted model; `parameters` are complete (parameters.complete_parameters)."""
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

    settings = {key: value for key, value in parameters.items() if key != "target_scale"}
    if name == "persistence":
        return NoChange()
    if name == "ridge":
        return RidgeModel(**settings)
    if name == "random_forest":
        return TreeEnsemble(RandomForestRegressor(**settings, n_jobs=1, random_state=seed), "n_estimators")
    # Early stopping would hold out random days, which lie between days that the model learns from.
    boosting = HistGradientBoostingRegressor(**settings, early_stopping=False, random_state=seed)
    return TreeEnsemble(boosting, "max_iter")

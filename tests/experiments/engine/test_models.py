"""The models: growing in chunks changes nothing, missing features are borne."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from threadpoolctl import threadpool_limits

from experiments.engine.models import make_model
from experiments.engine.parameters import complete_parameters

random = np.random.default_rng(1)
X = random.normal(size=(150, 6))
Y = X[:, 0] * 2 + np.sin(X[:, 1] * 3) + random.normal(0, 0.1, 150)


@pytest.fixture(autouse=True)
def _one_thread():
    with threadpool_limits(limits=1):
        yield


@pytest.mark.parametrize(
    ("name", "whole", "size"),
    [
        (
            "random_forest",
            lambda p: RandomForestRegressor(**p, random_state=3, n_jobs=1),
            {"n_estimators": 23},
        ),
        (
            "hist_gradient_boosting",
            lambda p: HistGradientBoostingRegressor(**p, random_state=3, early_stopping=False),
            {"max_iter": 57, "max_features": 0.4, "min_samples_leaf": 5},
        ),
    ],
)
def test_a_model_grown_in_chunks_is_the_model_fitted_at_once(name, whole, size):
    parameters = complete_parameters(name, size)
    shares = []
    chunked = make_model(name, parameters, 3)
    chunked.fit(X, Y, shares.append)

    at_once = whole(parameters).fit(X, Y)

    assert chunked.predict(X).tobytes() == at_once.predict(X).tobytes()
    assert len(shares) == 10
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("name", ["ridge", "random_forest", "hist_gradient_boosting"])
def test_missing_features_are_borne_in_training_and_in_forecasts(name):
    holes = X.copy()
    holes[::4, 2] = np.nan
    model = make_model(name, complete_parameters(name, {}), 1)

    model.fit(holes, Y, lambda share: None)

    assert np.isfinite(model.predict(np.full((3, 6), np.nan))).all()

"""The measures: worked examples, their ideal, what they ignore, and where they have no value."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.engine.metrics import (
    METRICS,
    UndefinedMetricError,
    kling_gupta_efficiency,
    nash_sutcliffe_efficiency,
    percent_bias,
    root_mean_square_error,
    score,
)

NAN = float("nan")
flows = st.lists(st.floats(0.1, 1e4), min_size=3, max_size=40).filter(lambda values: np.std(values) > 1e-3)


def test_worked_examples():
    observed, simulated = [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 2.0]

    assert nash_sutcliffe_efficiency(observed, simulated) == pytest.approx(1 - 4 / 5)
    assert root_mean_square_error(observed, simulated) == pytest.approx(1.0)
    assert percent_bias(observed, simulated) == pytest.approx(20.0), "too little is positive (Moriasi 2007)"
    # r = 2 / √(5·2), α = √(2/5), β = 2/2.5
    expected = 1 - np.sqrt((2 / np.sqrt(10) - 1) ** 2 + (np.sqrt(0.4) - 1) ** 2 + (0.8 - 1) ** 2)
    assert kling_gupta_efficiency(observed, simulated) == pytest.approx(expected)


def test_the_mean_of_the_observations_has_an_efficiency_of_zero():
    observed = np.array([3.0, 1.0, 8.0])

    assert nash_sutcliffe_efficiency(observed, np.full(3, observed.mean())) == pytest.approx(0.0)


@settings(max_examples=40, deadline=None)
@given(flows, st.lists(st.sampled_from([NAN, float("inf")]), max_size=3))
def test_a_perfect_simulation_is_ideal_and_missing_pairs_do_not_count(values, missing):
    observed = [*values, *missing, 5.0]
    simulated = [*values, *[1.0] * len(missing), NAN]

    for metric in METRICS:
        assert metric.compute(observed, simulated) == pytest.approx(metric.ideal, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(flows, st.floats(0.01, 100), st.integers(0, 1000))
def test_efficiencies_do_not_depend_on_the_unit(values, factor, seed):
    observed = np.array(values)
    simulated = observed * np.random.default_rng(seed).uniform(0.5, 1.5, observed.size)

    for compute in (nash_sutcliffe_efficiency, kling_gupta_efficiency, percent_bias):
        assert compute(observed * factor, simulated * factor) == pytest.approx(
            compute(observed, simulated), rel=1e-6
        )


@pytest.mark.parametrize(
    ("observed", "simulated", "undefined"),
    [
        ([0.1, 0.1, 0.1], [1.0, 2.0, 3.0], {"nse", "kge"}),
        ([1.0, 2.0, 3.0], [0.1, 0.1, 0.1], {"kge"}),
        ([-1.0, 0.0, 1.0], [1.0, 2.0, 3.0], {"kge", "pbias"}),
        ([1.0, NAN], [1.0, 2.0], {"nse", "kge", "rmse", "pbias"}),
    ],
)
def test_where_a_measure_has_no_value_it_says_why(observed, simulated, undefined):
    scores = score(observed, simulated)

    assert set(scores["undefined"]) == undefined
    assert {key for key in ("nse", "kge", "rmse", "pbias") if scores[key] is None} == undefined
    json.dumps(scores, allow_nan=False)
    for metric in METRICS:
        if metric.key in undefined:
            with pytest.raises(UndefinedMetricError):
                metric.compute(observed, simulated)


def test_series_of_different_lengths_are_an_error_and_not_a_score():
    with pytest.raises(ValueError, match="one length"):
        score([1.0, 2.0], [1.0])

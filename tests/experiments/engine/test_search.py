"""The search: the same proposals whoever runs the trials, and never a look at the test period."""

import random

import polars as pl
import pytest

from experiments.engine.search import (
    SEARCHED_MODELS,
    best_trial,
    check_search,
    evaluate_trial,
    propose_batch,
    trial_seed,
)
from experiments.errors import ExperimentGuardError, TrainingDivergedError
from tests.experiments.engine.catchments import WEATHER, river, spec

RIDGE = spec(model="ridge")


def search(given, evaluate, *, batches, size, order):
    told = []
    for batch in range(batches):
        proposed = propose_batch(given, told, batch, size)
        places = list(range(size))
        order.shuffle(places)
        scores = {place: evaluate(proposed[place], trial_seed(given, len(told) + place)) for place in places}
        told += [{"parameters": proposed[place], "score": scores[place]} for place in range(size)]
    return told


def test_a_whole_search_repeats_though_the_trials_of_a_batch_end_in_any_order():
    given = spec(inputs=WEATHER[:2], lags=(0, 1), windows=(7,))

    def evaluate(parameters, seed):
        return evaluate_trial(river(), given, {**parameters, "max_iter": 10}, seed)

    runs = [search(given, evaluate, batches=3, size=4, order=random.Random(order)) for order in (1, 2)]

    assert runs[0] == runs[1]
    best = runs[0][best_trial(runs[0])]
    assert best["score"] == max(trial["score"] for trial in runs[0])
    assert len({str(trial["parameters"]) for trial in runs[0]}) == 12, "no trial is run twice"


def test_the_defaults_come_first_and_later_batches_learn():
    def hill(parameters, _seed):
        return -abs(parameters["alpha"] - 20.0)

    told = search(RIDGE, hill, batches=6, size=5, order=random.Random(0))

    assert told[0]["parameters"] == {"alpha": 300.0}
    early = min(abs(trial["parameters"]["alpha"] - 20) for trial in told[:10])
    late = min(abs(trial["parameters"]["alpha"] - 20) for trial in told[20:])
    assert late < early


def test_another_seed_searches_elsewhere():
    assert propose_batch(spec(model="ridge", seed=1), [], 0, 3) != propose_batch(
        spec(model="ridge", seed=2), [], 0, 3
    )


@pytest.mark.parametrize("model", SEARCHED_MODELS)
def test_every_proposal_can_be_trained(model):
    given = spec(model=model)
    for proposed in propose_batch(given, [], 0, 3):
        check_search(river(), spec(model=model, parameters=proposed))


def test_a_trial_never_sees_the_test_period():
    later = pl.col("date") > pl.date(2011, 12, 31)
    other = river().with_columns(
        [pl.when(later).then(1e5).otherwise(pl.col(name)).alias(name) for name in ("discharge_m3s", *WEATHER)]
    )

    assert evaluate_trial(river(), RIDGE, {"alpha": 10.0}, 1) == evaluate_trial(
        other, RIDGE, {"alpha": 10.0}, 1
    )


def test_a_failed_trial_is_told_and_the_search_goes_on():
    told = [{"parameters": {"alpha": float(n + 1)}, "score": None if n % 2 else 0.5} for n in range(10)]

    assert len(propose_batch(RIDGE, told, 2, 4)) == 4
    assert best_trial(told) == 0
    with pytest.raises(ExperimentGuardError, match="None of 2 trials"):
        best_trial([{"parameters": {}, "score": None}] * 2)


def test_a_trial_that_diverges_says_so():
    wild = {"learning_rate": 5.0, "max_iter": 1500, "min_samples_leaf": 1, "l2_regularization": 0.0}
    with pytest.raises(TrainingDivergedError):
        evaluate_trial(river(), spec(), wild, 1)


def test_persistence_has_nothing_to_search_and_a_short_record_no_validation():
    with pytest.raises(ExperimentGuardError) as caught:
        propose_batch(spec(model="persistence"), [], 0, 2)
    assert caught.value.code == "nothing_to_search"

    with pytest.raises(ExperimentGuardError) as caught:
        check_search(river(), spec(train_end="2010-04-20"))
    assert caught.value.code == "too_little_data"

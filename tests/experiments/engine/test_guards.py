"""What is refused before training, each with its code and field, and what must not be refused."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from experiments.engine.guards import check_spec
from experiments.errors import ExperimentGuardError
from tests.experiments.engine.catchments import WEATHER, river, spec

Q = pl.col("discharge_m3s")


def refusal(frame, given):
    with pytest.raises(ExperimentGuardError) as caught:
        check_spec(frame, given)
    assert caught.value.way_out
    return caught.value.code, caught.value.field


@pytest.mark.parametrize("model", ["persistence", "ridge", "random_forest", "hist_gradient_boosting"])
def test_a_sound_experiment_passes(model):
    check_spec(river(), spec(model=model))
    check_spec(river(), spec(model=model, inputs=()))


@pytest.mark.parametrize(
    ("name", "copy"),
    [
        ("renamed", Q),
        ("scaled", Q * -35.3 + 4),
        ("noisy", Q + pl.Series(np.random.default_rng(1).normal(0, 1e-4, 1096))),
        ("logarithm", Q.log()),
        ("stage_m", Q.pow(0.4)),
        ("with_holes", pl.when(pl.int_range(pl.len()) % 3 == 0).then(Q)),
        ("tomorrow", Q.shift(-1)),
        ("in_two_days", Q.shift(-2) * 2),
        ("discharge_mm", Q * 0 + pl.Series(np.random.default_rng(2).uniform(size=1096))),
    ],
)
def test_the_target_in_disguise_is_found_among_the_inputs(name, copy):
    frame = river().with_columns(copy.alias(name))

    assert refusal(frame, spec(inputs=(*WEATHER, name), lead_time=2)) == ("leaking_target", "inputs")


def test_the_target_itself_is_found():
    assert refusal(river(), spec(inputs=("discharge_m3s",))) == ("leaking_target", "inputs")


def test_what_only_resembles_the_target_is_no_leak():
    noise = np.random.default_rng(3).normal(1, 0.05, 1096)
    frame = river().with_columns(
        (Q * pl.Series(noise)).alias("neighbour"),
        Q.shift(1).alias("yesterday"),
        pl.lit(3.0).alias("constant"),
    )

    check_spec(frame, spec(inputs=("neighbour", "yesterday", "constant")))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"target": "discharge"}, ("unknown_column", "target")),
        ({"inputs": ("rain",)}, ("unknown_column", "inputs")),
        ({"inputs": ("quality",)}, ("not_numeric", "inputs")),
        ({"inputs": (), "use_target_history": False}, ("no_inputs", "inputs")),
        ({"train_end": "2012-01-01"}, ("period_order", "test_start")),
        ({"train_end": "2010-03-31"}, ("too_little_data", "train_end")),
        ({"test_start": "2012-12-20"}, ("too_little_data", "test_start")),
        ({"inputs": ("empty",)}, ("all_missing", "inputs")),
        ({"inputs": ("huge",)}, ("out_of_range", "inputs")),
        ({"target": "empty"}, ("all_missing", "target")),
        ({"target": "constant"}, ("constant_target", "target")),
        ({"parameters": {"depth": 3}}, ("bad_parameter", "parameters")),
        ({"parameters": {"max_iter": 2.5}}, ("bad_parameter", "parameters")),
        ({"parameters": {"learning_rate": float("nan")}}, ("bad_parameter", "parameters")),
        ({"parameters": {"learning_rate": True}}, ("bad_parameter", "parameters")),
    ],
)
def test_what_cannot_give_an_honest_answer_is_refused(given, expected):
    frame = river().with_columns(
        pl.lit("A").alias("quality"),
        pl.lit(None, pl.Float64).alias("empty"),
        pl.lit(3.0).alias("constant"),
        pl.lit(1e300).alias("huge"),
    )

    assert refusal(frame, spec(**given)) == expected


def test_hourly_rows_are_refused():
    hours = [datetime(2020, 1, 1) + timedelta(hours=hour) for hour in range(4000)]
    frame = pl.DataFrame({"date": hours, "discharge_m3s": np.arange(4000.0)})

    assert refusal(frame, spec(inputs=())) == ("not_daily", None)


def test_a_record_of_days_kept_as_midnights_is_daily():
    check_spec(river().with_columns(pl.col("date").cast(pl.Datetime("us"))), spec())

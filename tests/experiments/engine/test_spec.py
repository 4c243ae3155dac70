"""A specification survives storage, and says what is wrong with it."""

import json
import pickle

import pytest

from experiments.engine.spec import ExperimentSpec
from experiments.errors import ExperimentGuardError
from tests.experiments.engine.catchments import spec


def test_a_specification_comes_back_from_json_equal():
    given = spec(parameters={"learning_rate": 0.1}, lags=(3, 0, 0), windows=(30, 7))

    assert ExperimentSpec.from_dict(json.loads(json.dumps(given.to_dict()))) == given
    assert given.lags == (0, 3)
    assert given.windows == (7, 30)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lags": (-1,)}, "lags"),
        ({"windows": (1,)}, "windows"),
        ({"lead_time": 0}, "lead_time"),
        ({"model": "oracle"}, "model"),
        ({"train_end": "31.12.2001"}, "train_end"),
    ],
)
def test_a_value_out_of_range_names_its_field(change, field):
    with pytest.raises(ExperimentGuardError) as caught:
        spec(**change)

    assert (caught.value.code, caught.value.field) == ("bad_spec", field)


def test_unknown_and_missing_keys_are_named():
    with pytest.raises(ExperimentGuardError, match=r"\['colour'\].*\['inputs'"):
        ExperimentSpec.from_dict({"target": "q", "colour": "blue"})


def test_the_error_survives_the_way_between_processes():
    error = ExperimentGuardError("code", "What.", way_out="How.", field="inputs")

    copy = pickle.loads(pickle.dumps(error))

    assert (copy.code, copy.field, str(copy)) == ("code", "inputs", "What. How.")

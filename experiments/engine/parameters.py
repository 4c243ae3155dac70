"""The settings of each model: default, what is allowed, and where a search looks.

The defaults were chosen on 2000 and 2001 of two CAMELS catchments, each fitted on the first part and scored on
what follows; 2002, which docs/models.md reports, was not looked at (docs/models.md, "How the defaults were chosen").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.errors import ExperimentGuardError

TARGET_SCALES = ("auto", "log_change", "change", "log", "value")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a model takes; `search` is the narrower range in which a search looks, None to leave it alone."""

    default: float
    low: float
    high: float
    meaning: str
    whole: bool = False
    search: tuple[float, float] | None = None
    log: bool = False

    def accepts(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and (not self.whole or float(value).is_integer())


PARAMETERS: dict[str, dict[str, Parameter]] = {
    "persistence": {},
    "ridge": {
        "alpha": Parameter(
            300.0, 1e-6, 1e9, "strength of the penalty on weights", search=(1.0, 10_000.0), log=True
        ),
    },
    "random_forest": {
        "n_estimators": Parameter(200, 1, 1000, "trees", whole=True),
        "min_samples_leaf": Parameter(10, 1, 1000, "fewest days in a leaf", True, (3, 40), log=True),
        "max_features": Parameter(
            0.3, 0.01, 1.0, "share of the features tried at a split", search=(0.1, 1.0)
        ),
        "max_depth": Parameter(16, 1, 64, "deepest branch", True, (4, 20)),
    },
    "hist_gradient_boosting": {
        # Above 2, squared-error boosting overshoots further with each tree: allowed, and reported as divergence.
        "learning_rate": Parameter(
            0.05, 1e-4, 10.0, "share of each tree's correction", search=(0.01, 0.2), log=True
        ),
        "max_iter": Parameter(100, 1, 2000, "trees", True, (50, 300), log=True),
        "max_leaf_nodes": Parameter(16, 2, 256, "most leaves of a tree", True, (4, 32), log=True),
        "min_samples_leaf": Parameter(40, 1, 1000, "fewest days in a leaf", True, (5, 80), log=True),
        "l2_regularization": Parameter(
            5.0, 0.0, 1e6, "penalty on leaf values", search=(0.1, 100.0), log=True
        ),
        "max_features": Parameter(
            0.3, 0.01, 1.0, "share of the features tried at a split", search=(0.1, 1.0)
        ),
    },
}


def complete_parameters(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The model's defaults with `given` over them. Raises ExperimentGuardError (`bad_parameter`)."""
    allowed = PARAMETERS[model]
    complete: dict[str, Any] = {
        name: int(parameter.default) if parameter.whole else parameter.default
        for name, parameter in allowed.items()
    }
    for name, value in given.items():
        if name == "target_scale":
            _check_scale(value)
            complete[name] = value
            continue
        if name not in allowed:
            raise _bad(
                f"{model} has no parameter {name!r}.", f"It has {', '.join([*allowed, 'target_scale'])}."
            )
        parameter = allowed[name]
        if not parameter.accepts(value):
            kind = "a whole number" if parameter.whole else "a number"
            raise _bad(
                f"{name} ({parameter.meaning}) is {value!r}.",
                f"Give {kind} from {parameter.low:g} to {parameter.high:g}.",
            )
        complete[name] = int(value) if parameter.whole else float(value)
    return complete


def _check_scale(value: object) -> None:
    if value not in TARGET_SCALES:
        raise _bad(f"target_scale is {value!r}.", f"Use one of {', '.join(TARGET_SCALES)}.")


def _bad(message: str, way_out: str) -> ExperimentGuardError:
    return ExperimentGuardError("bad_parameter", message, way_out=way_out, field="parameters")

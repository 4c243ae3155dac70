"""Trains one model as its specification says, and judges it on the test period beside the persistence baseline."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from experiments.engine.features import Array, FeatureTable, Mask, build_features, split_masks
from experiments.engine.guards import check_spec, scored_days, usable_days
from experiments.engine.importance import input_importance
from experiments.engine.metrics import score
from experiments.engine.models import Regressor, make_model
from experiments.engine.parameters import complete_parameters
from experiments.engine.spec import ExperimentSpec
from experiments.engine.target_scale import TargetScale, choose_scale
from experiments.errors import TrainingCancelledError, TrainingDivergedError

Report = Callable[[str, int], None]
ShouldStop = Callable[[], bool]

STAGES: dict[str, str] = {
    "check": "Checking the specification",
    "features": "Building features",
    "fit": "Fitting the model",
    "predict": "Predicting",
    "importance": "Measuring input importance",
    "score": "Scoring",
}
# The fit is most of the work; the bar moves within it as trees are added.
FIT_FROM, FIT_TO = 10, 80
# No river carries a thousand times its highest value: such a forecast is a diverged model, not a flood.
BEYOND_BELIEF = 1000.0


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came out. `metrics` has `test`, `baseline` (persistence, the same test days) and `train`, each as
    metrics.score gives it. `predictions` has date, observed, simulated, baseline (null where there is none) and
    split (train or test). `importance` is the NSE lost on the test period when an input is shuffled.
    """

    metrics: dict[str, dict[str, Any]]
    predictions: pl.DataFrame
    importance: list[tuple[str, float]]
    n_train: int
    n_test: int
    duration_s: float
    model_parameters: dict[str, Any]
    features: list[str]

    @property
    def beats_baseline(self) -> bool:
        """Whether the test period's NSE is above persistence's."""
        return bool(self.metrics["test"]["nse"] > self.metrics["baseline"]["nse"])

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, without the predictions, which are a table of their own."""
        return {
            "metrics": self.metrics,
            "importance": [[name, value] for name, value in self.importance],
            "n_train": self.n_train,
            "n_test": self.n_test,
            "duration_s": self.duration_s,
            "model_parameters": self.model_parameters,
            "features": self.features,
            "beats_baseline": self.beats_baseline,
        }


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model, the scale that it learned on, and the features that had any value in training."""

    model: Regressor
    scale: TargetScale
    informed: Mask

    def forecast(self, x: Array, last_observed: Array) -> Array:
        """In the target's unit; NaN where the model needs the last observation and there is none."""
        simulated = np.full(len(x), np.nan)
        possible = np.isfinite(last_observed) if "change" in self.scale.kind else np.ones(len(x), dtype=bool)
        if possible.any():
            # A model beyond its bounds overflows; what comes out is judged by check_finite, not by a warning.
            with np.errstate(all="ignore"):
                learned = self.model.predict(x[np.ix_(possible, self.informed)])
            simulated[possible] = self.scale.backward(learned, last_observed[possible])
        return simulated


def train(
    frame: pl.DataFrame, spec: ExperimentSpec, *, report: Report, should_stop: ShouldStop
) -> TrainingResult:
    """Same frame, same specification: same bytes, on any number of threads.

    `report(stage, percent)` takes keys of STAGES. `should_stop` is asked between stages and while trees grow.
    Raises ExperimentGuardError, TrainingDivergedError, TrainingCancelledError.
    """
    started = time.perf_counter()
    progress = _Progress(report, should_stop)
    with threadpool_limits(limits=1):
        progress("check", 0)
        check_spec(frame, spec)
        progress("features", 5)
        table = build_features(frame, spec)
        in_train, in_test = split_masks(table.dates, spec)
        learn = in_train & usable_days(table, use_target_history=spec.use_target_history)
        progress("fit", FIT_FROM)
        fitted = fit(
            table.rows(learn), spec, lambda share: progress("fit", _between(FIT_FROM, FIT_TO, share))
        )
        progress("predict", FIT_TO)
        simulated = fitted.forecast(table.x, table.last_observed)
        check_finite(simulated, table, learn, fitted, spec)
        scored = in_test & scored_days(table)
        progress("importance", 85)
        importance = input_importance(fitted.forecast, table.rows(scored), spec.seed)
        progress("score", 95)
        metrics = {
            "test": score(table.y[scored], simulated[scored]),
            "baseline": score(table.y[scored], table.last_observed[scored]),
            "train": score(table.y[learn], simulated[learn]),
        }
    return TrainingResult(
        metrics=metrics,
        predictions=_predictions(table, simulated, in_train, in_test),
        importance=importance,
        n_train=int(learn.sum()),
        n_test=int(scored.sum()),
        duration_s=time.perf_counter() - started,
        model_parameters=complete_parameters(spec.model, spec.parameters)
        | {"target_scale": fitted.scale.kind},
        features=table.names,
    )


def fit(table: FeatureTable, spec: ExperimentSpec, advance: Callable[[float], None]) -> Fitted:
    """Fits on every row of `table`."""
    if spec.model == "persistence":
        spec = replace(spec, parameters={"target_scale": "change"})
    parameters = complete_parameters(spec.model, spec.parameters)
    kind = parameters.get("target_scale", "auto")
    scale = choose_scale(kind, spec.target, table.y, use_target_history=spec.use_target_history)
    model = make_model(spec.model, parameters, spec.seed)
    informed: Mask = np.asarray(np.isfinite(table.x).any(axis=0))
    with np.errstate(all="ignore"):
        model.fit(table.x[:, informed], scale.forward(table.y, table.last_observed), advance)
    return Fitted(model, scale, informed)


def check_finite(
    simulated: Array, table: FeatureTable, learn: Mask, fitted: Fitted, spec: ExperimentSpec
) -> None:
    """Raises TrainingDivergedError for a forecast that is infinite, not a number, or beyond belief."""
    expected = (
        np.isfinite(table.last_observed) if "change" in fitted.scale.kind else np.ones(len(simulated), bool)
    )
    limit = BEYOND_BELIEF * float(np.abs(table.y[learn]).max())
    with np.errstate(invalid="ignore"):
        wild = expected & ~(np.abs(simulated) <= limit)
    if wild.any():
        first = int(np.flatnonzero(wild)[0])
        raise TrainingDivergedError(
            f"{spec.model} diverged: {int(wild.sum())} of {int(expected.sum())} forecasts of {spec.target} are not "
            f"finite or beyond {limit:g}, the first {simulated[first]:g} on {table.dates[first]}. "
            "Lower the learning rate, raise the penalty, or look for extreme values among the inputs."
        )


class _Progress:
    """Reports a stage, then stops the work if that was asked for."""

    def __init__(self, report: Report, should_stop: ShouldStop) -> None:
        self._report = report
        self._should_stop = should_stop

    def __call__(self, stage: str, percent: int) -> None:
        if self._should_stop():
            raise TrainingCancelledError(f"Training was cancelled at {percent} % ({STAGES[stage].lower()}).")
        self._report(stage, percent)


def _between(low: int, high: int, share: float) -> int:
    return low + round((high - low) * share)


def _predictions(table: FeatureTable, simulated: Array, in_train: Mask, in_test: Mask) -> pl.DataFrame:
    kept = in_train | in_test
    return pl.DataFrame(
        {
            "date": table.dates[kept],
            "observed": table.y[kept],
            "simulated": simulated[kept],
            "baseline": table.last_observed[kept],
            "split": np.where(in_train[kept], "train", "test"),
        },
        nan_to_null=True,
    ).with_columns(pl.col("date").cast(pl.Date))

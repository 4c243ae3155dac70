"""A search for parameters whose trials run anywhere: this module proposes batches and scores single trials.

Nothing is kept between calls. A batch is proposed from the trials told so far, in their order, with a sampler
seeded by (spec.seed, batch_index); so the same search gives the same proposals whoever ran the trials, in
whatever order they came in. Optuna is imported where it is asked: only workers need it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from experiments.engine.features import build_features, split_masks
from experiments.engine.guards import check_spec, scored_days, usable_days
from experiments.engine.metrics import nash_sutcliffe_efficiency
from experiments.engine.parameters import PARAMETERS, Parameter, complete_parameters
from experiments.engine.spec import ExperimentSpec
from experiments.engine.training import check_finite, fit
from experiments.errors import ExperimentGuardError

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

VALIDATION_SHARE = 0.25
STARTUP_TRIALS = 8

Told = Mapping[str, Any]


SEARCHED_MODELS = tuple(
    model
    for model, parameters in PARAMETERS.items()
    if any(parameter.search for parameter in parameters.values())
)


def _distribution(parameter: Parameter) -> BaseDistribution | None:
    from optuna.distributions import FloatDistribution, IntDistribution

    if parameter.search is None:
        return None
    low, high = parameter.search
    if parameter.whole:
        return IntDistribution(int(low), int(high), log=parameter.log)
    return FloatDistribution(low, high, log=parameter.log)


def propose_batch(
    spec: ExperimentSpec, told: Sequence[Told], batch_index: int, size: int
) -> list[dict[str, Any]]:
    """`size` parameter sets to try next.

    `told` are the trials of all earlier batches in the order of their proposal, each with `parameters` and `score`
    (NSE; None for a trial that failed). The very first proposal is the defaults, so that no search ends below them.
    Raises ExperimentGuardError (`nothing_to_search`) for a model without a search space.
    """
    import optuna

    # Our callers report progress and failure themselves; Optuna's own lines would be noise in a worker's log.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = search_space(spec.model)
    sampler = optuna.samplers.TPESampler(
        seed=_seed("batch", spec.seed, batch_index), n_startup_trials=STARTUP_TRIALS
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for trial in told:
        study.add_trial(_as_trial(trial, space))
    if batch_index == 0:
        study.enqueue_trial({name: _default(spec.model, name) for name in space})
    return [dict(study.ask(space).params) for _ in range(size)]


def search_space(model: str) -> dict[str, BaseDistribution]:
    if model not in SEARCHED_MODELS:
        raise ExperimentGuardError(
            "nothing_to_search",
            f"{model} has no parameters to search.",
            way_out=f"Choose one of {', '.join(SEARCHED_MODELS)}.",
            field="model",
        )
    return {
        name: distribution
        for name, parameter in PARAMETERS[model].items()
        if (distribution := _distribution(parameter)) is not None
    }


def trial_seed(spec: ExperimentSpec, trial_index: int) -> int:
    """The seed of one trial of the search, by its place in the order of proposal."""
    return _seed("trial", spec.seed, trial_index)


def check_search(frame: pl.DataFrame, spec: ExperimentSpec) -> None:
    """Raises ExperimentGuardError if the experiment, or its split into fitting and validation days, is not sound."""
    search_space(spec.model)
    check_spec(frame, spec)
    check_spec(*_validation_split(frame, spec))


def evaluate_trial(
    frame: pl.DataFrame, spec: ExperimentSpec, parameters: Mapping[str, Any], seed: int
) -> float:
    """NSE on the last quarter of the training period of a model fitted on the first three.

    What is dated after `train_end` is cut off before anything else happens. Raises ExperimentGuardError and
    TrainingDivergedError; tell a trial that raised the latter with a score of None.
    """
    known, inner = _validation_split(frame, spec)
    inner = replace(inner, parameters={**spec.parameters, **parameters}, seed=seed)
    check_spec(known, inner)
    with threadpool_limits(limits=1):
        table = build_features(known, inner)
        in_train, in_validation = split_masks(table.dates, inner)
        learn = in_train & usable_days(table, use_target_history=inner.use_target_history)
        fitted = fit(table.rows(learn), inner, lambda _share: None)
        simulated = fitted.forecast(table.x, table.last_observed)
        check_finite(simulated, table, learn, fitted, inner)
        scored = in_validation & scored_days(table)
        return nash_sutcliffe_efficiency(table.y[scored], simulated[scored])


def best_trial(told: Sequence[Told]) -> int:
    """The place of the best trial; of equal ones the first. Raises ExperimentGuardError if every trial failed."""
    scores = [-np.inf if trial["score"] is None else float(trial["score"]) for trial in told]
    if not scores or max(scores) == -np.inf:
        raise ExperimentGuardError(
            "no_successful_trial",
            f"None of {len(scores)} trials gave a model.",
            way_out="Look at the trials' messages; a longer training period or other inputs may help.",
        )
    return scores.index(max(scores))


def _validation_split(frame: pl.DataFrame, spec: ExperimentSpec) -> tuple[pl.DataFrame, ExperimentSpec]:
    """The training period alone, and the specification that splits it at its last quarter of usable days."""
    known = frame.filter(pl.col("date").cast(pl.Date) <= spec.train_end_date)
    table = build_features(known, spec)
    days = table.dates[usable_days(table, use_target_history=spec.use_target_history)]
    if days.size < 2:
        raise ExperimentGuardError(
            "too_little_data",
            f"The training period until {spec.train_end} has {days.size} usable days.",
            way_out="Move the split to a later day, or use a longer record.",
            field="train_end",
        )
    last_fit = days[min(int(days.size * (1 - VALIDATION_SHARE)), days.size - 1) - 1]
    return known, replace(spec, train_end=str(last_fit), test_start=str(last_fit + np.timedelta64(1, "D")))


def _as_trial(trial: Told, space: Mapping[str, BaseDistribution]) -> optuna.trial.FrozenTrial:
    from optuna.trial import TrialState, create_trial

    params = {name: trial["parameters"][name] for name in space}
    if trial["score"] is None or not np.isfinite(trial["score"]):
        return create_trial(state=TrialState.FAIL, params=params, distributions=dict(space))
    return create_trial(params=params, distributions=dict(space), value=float(trial["score"]))


def _default(model: str, name: str) -> float | int:
    value: float | int = complete_parameters(model, {})[name]
    return value


def _seed(*parts: object) -> int:
    digest = hashlib.sha256(":".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:4], "big")

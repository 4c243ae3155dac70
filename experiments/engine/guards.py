"""Refuses an experiment that could not give an honest answer, before any work is spent on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from experiments.engine.features import Array, FeatureTable, build_features, daily_grid, split_masks
from experiments.engine.parameters import complete_parameters
from experiments.engine.spec import ExperimentSpec
from experiments.errors import ExperimentGuardError

MIN_TRAIN_DAYS = 100
MIN_TEST_DAYS = 30
MIN_COMMON_DAYS = 30
SAME_QUANTITY = 0.9999
# No hydrological quantity in SI units comes near; beyond, single precision inside the trees overflows.
LARGEST_VALUE = 1e12

# A name that starts with one of these is the same quantity in another unit or another notation.
QUANTITIES = ("discharge", "streamflow", "runoff", "flow")


def check_spec(frame: pl.DataFrame, spec: ExperimentSpec) -> None:
    """Raises ExperimentGuardError with one of the codes `unknown_column`, `not_numeric`, `not_daily`, `out_of_range`,
    `no_inputs`, `bad_parameter`, `period_order`, `leaking_target`, `all_missing`, `constant_target`, `too_little_data`.
    """
    _check_columns(frame, spec)
    _check_daily(frame)
    complete_parameters(spec.model, spec.parameters)
    if spec.test_start_date <= spec.train_end_date:
        raise _refuse(
            "period_order",
            f"The test period begins on {spec.test_start}, but training lasts until {spec.train_end}.",
            "Let the test period begin after the training period ends, so that it is new to the model.",
            "test_start",
        )
    _check_leaks(frame, spec)
    _check_periods(frame, spec)


def usable_days(table: FeatureTable, *, use_target_history: bool) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Days to learn from: the target was observed, and so was the value on the day of issue when it is an input."""
    observed = np.isfinite(table.y)
    return observed & np.isfinite(table.last_observed) if use_target_history else observed


def scored_days(table: FeatureTable) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Days to compare on: the target was observed and the persistence baseline has a forecast."""
    return np.isfinite(table.y) & np.isfinite(table.last_observed)


def _check_columns(frame: pl.DataFrame, spec: ExperimentSpec) -> None:
    for name, field in ((spec.target, "target"), *((name, "inputs") for name in spec.inputs)):
        if name not in frame.columns:
            raise _refuse(
                "unknown_column",
                f"The data source has no column {name!r}.",
                f"Choose from {', '.join(column for column in frame.columns if column != 'date')}.",
                field,
            )
        if not frame[name].dtype.is_numeric():
            raise _refuse(
                "not_numeric",
                f"Column {name!r} holds {frame[name].dtype}, not numbers.",
                "Choose a number.",
                field,
            )
        largest = frame.select(pl.col(name).cast(pl.Float64).abs().fill_nan(None).max()).item()
        if largest is not None and largest > LARGEST_VALUE:
            raise _refuse(
                "out_of_range",
                f"Column {name!r} reaches {largest:g}, which no measurement does.",
                "Look for a missing-value code or a slip of the decimal point in the file, and upload it again.",
                field,
            )
    if spec.model != "persistence" and not spec.inputs and not spec.use_target_history:
        raise _refuse(
            "no_inputs",
            "The model would know nothing.",
            "Choose an input, or use the target's history.",
            "inputs",
        )


def _check_daily(frame: pl.DataFrame) -> None:
    step = frame["date"].drop_nulls().sort().diff().drop_nulls()
    step_days = step.dt.total_seconds().median()
    if step_days is not None and step_days != 86_400.0:
        raise _refuse(
            "not_daily",
            f"The usual step from row to row is {float(str(step_days)) / 3600:g} hours; experiments work on days.",
            "Use a data source with one row for each day.",
            None,
        )


def _check_leaks(frame: pl.DataFrame, spec: ExperimentSpec) -> None:
    quantity = next((name for name in QUANTITIES if spec.target.startswith(name)), None)
    others = dict.fromkeys(name for name in spec.inputs if name != spec.target)
    grid = daily_grid(frame, [spec.target, *others])
    target = _values(grid, spec.target)
    for name in spec.inputs:
        if name == spec.target:
            raise _leak(name, "is the target itself")
        if quantity and name.startswith(QUANTITIES):
            raise _leak(name, f"is, by its name, the same quantity as {spec.target}")
        copied = _copied_from(target, _values(grid, name), spec.lead_time)
        if copied == 0:
            raise _leak(
                name, f"rises and falls with {spec.target} day by day (correlation above {SAME_QUANTITY})"
            )
        if copied:
            raise _leak(name, f"is a copy of {spec.target} from {copied} days later")


def _copied_from(target: Array, values: Array, lead_time: int) -> int | None:
    """How many days after its own date an input repeats the target (0 to lead_time); None when it does not.

    Ranks find a copy that is bent (a logarithm, a rating curve) as well as one that is scaled. For later days the
    day-to-day changes are compared: a slow river's levels are nearly equal from one day to the next.
    """
    if _same(_ranks_of_common(target, values)):
        return 0
    for days in range(1, lead_time + 1):
        if _same(_common(np.diff(target[days:]), np.diff(values[:-days]))):
            return days
    return None


def _common(a: Array, b: Array) -> tuple[Array, Array]:
    both = np.isfinite(a) & np.isfinite(b)
    return a[both], b[both]


def _ranks_of_common(a: Array, b: Array) -> tuple[Array, Array]:
    from scipy.stats import rankdata  # half a second that only a check of an experiment need spend

    common_a, common_b = _common(a, b)
    return rankdata(common_a), rankdata(common_b)


def _same(pair: tuple[Array, Array]) -> bool:
    a, b = pair
    if a.size < MIN_COMMON_DAYS or np.ptp(a) == 0 or np.ptp(b) == 0:
        return False
    return bool(abs(np.corrcoef(a, b)[0, 1]) > SAME_QUANTITY)


def _check_periods(frame: pl.DataFrame, spec: ExperimentSpec) -> None:
    table = build_features(frame, spec)
    if not np.isfinite(table.y).any():
        raise _refuse(
            "all_missing", f"Every value of {spec.target!r} is missing.", "Choose another target.", "target"
        )
    train, test = split_masks(table.dates, spec)
    learn = train & usable_days(table, use_target_history=spec.use_target_history)
    _check_enough(table, learn, MIN_TRAIN_DAYS, f"Training until {spec.train_end}", "train_end")
    _check_enough(
        table, test & scored_days(table), MIN_TEST_DAYS, f"The test from {spec.test_start}", "test_start"
    )
    for name in spec.inputs:
        columns = np.array(table.groups) == name
        if columns.any() and not np.isfinite(table.x[np.ix_(learn, columns)]).any():
            raise _refuse(
                "all_missing",
                f"Every value of {name!r} in the training period is missing.",
                "Leave it out, or choose a training period in which it was measured.",
                "inputs",
            )


def _check_enough(
    table: FeatureTable, days: np.ndarray[Any, np.dtype[np.bool_]], needed: int, period: str, field: str
) -> None:
    count = int(days.sum())
    if count < needed:
        first, last = (
            (str(table.dates[0]), str(table.dates[-1])) if table.dates.size else ("no day", "no day")
        )
        raise _refuse(
            "too_little_data",
            f"{period} has {count} days with an observed target and an observation to start from; {needed} are needed.",
            f"The data runs from {first} to {last}; move the split, or use a longer record.",
            field,
        )
    if np.ptp(table.y[days]) == 0:
        raise _refuse(
            "constant_target",
            f"{period}: all {count} observed values of the target are {table.y[days][0]:g}.",
            "There is nothing to learn or to score; choose another target or another period.",
            "target",
        )


def _values(grid: pl.DataFrame, name: str) -> Array:
    return grid[name].fill_null(float("nan")).to_numpy()


def _leak(name: str, why: str) -> ExperimentGuardError:
    return _refuse(
        "leaking_target",
        f"{name!r} {why}: the target would leak into its inputs.",
        "Leave it out, and use the target's history, which is cut off at the day of issue.",
        "inputs",
    )


def _refuse(code: str, message: str, way_out: str, field: str | None) -> ExperimentGuardError:
    return ExperimentGuardError(code, message, way_out=way_out, field=field)

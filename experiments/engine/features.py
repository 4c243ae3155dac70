"""From a table of daily values to what a model may know when it issues a forecast.

A forecast for day d with a lead time of L days is issued at the end of day t = d - L. Every feature is a
function of values dated t or earlier, and of the calendar of d, which is known. Nothing else: tests change
the future and compare.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from experiments.engine.spec import ExperimentSpec

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SEASON = "season"
DAYS_IN_YEAR = 365.2425


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """One row for each day that can be forecast, in order, without holes.

    `x` is (days, features), `y` the observed target of the day, `last_observed` the target on the day of
    issue (the persistence forecast), `dates` the days that are forecast (datetime64[D]). Missing values are
    NaN. `groups` names, for each feature, the input it was made from.
    """

    x: Array
    y: Array
    last_observed: Array
    dates: npt.NDArray[np.datetime64]
    names: list[str]
    groups: list[str]

    def rows(self, mask: Mask) -> FeatureTable:
        return FeatureTable(
            self.x[mask], self.y[mask], self.last_observed[mask], self.dates[mask], self.names, self.groups
        )


def history_group(target: str) -> str:
    return f"{target} (history)"


def daily_grid(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """`date` and `columns` as Float64, one row for each day from the first to the last, missing values null.

    Rows are sorted; of a day that stands twice the first row counts, as the quality report says it does.
    Values that are not finite count as missing.
    """
    tidy = (
        frame.select(pl.col("date").cast(pl.Date), *[pl.col(name).cast(pl.Float64) for name in columns])
        .drop_nulls("date")
        .unique("date", keep="first", maintain_order=True)
        .sort("date")
    )
    finite = [pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in columns]
    return tidy.with_columns(finite).upsample("date", every="1d")


def build_features(frame: pl.DataFrame, spec: ExperimentSpec) -> FeatureTable:
    """The table for a frame with a `date` column and the specification's columns, checked by the guards."""
    grid = daily_grid(frame, [spec.target, *[name for name in spec.inputs if name != spec.target]])
    lead = spec.lead_time
    expressions: list[pl.Expr] = []
    groups: list[str] = []
    if spec.use_target_history:
        expressions += _history(spec)
        groups += [history_group(spec.target)] * len(expressions)
    for name in spec.inputs:
        made = _of_input(name, spec)
        expressions += made
        groups += [name] * len(made)
    known_at_issue = grid.select(expressions)
    dates = grid["date"].to_numpy().astype("datetime64[D]")[lead:]
    season, season_names = _season(dates)
    target = _floats(grid[spec.target])
    issued = known_at_issue[: max(grid.height - lead, 0)]
    columns = [_floats(column) for column in issued.get_columns()]
    return FeatureTable(
        x=np.column_stack([*columns, *season]) if dates.size else np.empty((0, len(columns) + len(season))),
        y=target[lead:],
        last_observed=target[: max(grid.height - lead, 0)],
        dates=dates,
        names=[*known_at_issue.columns, *season_names],
        groups=[*groups, *[SEASON] * len(season)],
    )


def split_masks(dates: npt.NDArray[np.datetime64], spec: ExperimentSpec) -> tuple[Mask, Mask]:
    """Which days are of the training period and which of the test period."""
    return dates <= np.datetime64(spec.train_end), dates >= np.datetime64(spec.test_start)


def _history(spec: ExperimentSpec) -> list[pl.Expr]:
    target = pl.col(spec.target)
    lags = sorted({0, *spec.lags})
    return [
        *[target.shift(lag).alias(f"{spec.target}_lag_{lag}") for lag in lags],
        *[(target - target.shift(lag)).alias(f"{spec.target}_change_{lag}") for lag in lags if lag],
        *[target.rolling_mean(days).alias(f"{spec.target}_mean_{days}") for days in spec.windows],
    ]


def _of_input(name: str, spec: ExperimentSpec) -> list[pl.Expr]:
    # What falls adds up, a state averages. A window with a missing day is missing: half a sum is no sum.
    is_amount = name.startswith(("precipitation", "potential_evapotranspiration"))
    column = pl.col(name)
    return [
        *[column.shift(lag).alias(f"{name}_lag_{lag}") for lag in spec.lags],
        *[
            (column.rolling_sum(days) if is_amount else column.rolling_mean(days)).alias(
                f"{name}_{'sum' if is_amount else 'mean'}_{days}"
            )
            for days in spec.windows
        ],
    ]


def _season(dates: npt.NDArray[np.datetime64]) -> tuple[list[Array], list[str]]:
    """Two harmonics of the day of the year, so that 31 December and 1 January are neighbours."""
    day = (dates - dates.astype("datetime64[Y]")).astype(np.float64)
    angle = 2 * np.pi * day / DAYS_IN_YEAR
    values = [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    return values, ["season_sin_1", "season_cos_1", "season_sin_2", "season_cos_2"]


def _floats(column: pl.Series) -> Array:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)

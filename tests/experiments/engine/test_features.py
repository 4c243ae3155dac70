"""Features: right values at the right day, and nothing from after the day of issue."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.engine.features import build_features, daily_grid, split_masks
from tests.experiments.engine.catchments import WEATHER, river, spec


def column(table, name):
    return table.x[:, table.names.index(name)]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 10),
    st.lists(st.integers(0, 12), max_size=3),
    st.lists(st.integers(2, 20), max_size=2),
    st.integers(30, 90),
    st.sampled_from(["other values", "missing", "cut off", "rows lost"]),
)
def test_no_value_from_after_the_day_of_issue_reaches_a_feature(lead, lags, windows, issue, change):
    given_spec = spec(lead_time=lead, lags=tuple(lags), windows=tuple(windows))
    frame = river()[:120]
    issued_on = frame["date"][issue]
    later = pl.col("date") > issued_on
    if change == "cut off":
        # One day is kept, so that the day to forecast is still in the table.
        other = pl.concat(
            [
                frame.filter(~later),
                frame[issue + lead : issue + lead + 1].with_columns(
                    [pl.lit(None, pl.Float64).alias(name) for name in frame.columns if name != "date"]
                ),
            ]
        )
    elif change == "rows lost":
        other = frame.filter(~later | (pl.col("date").dt.day() % 2 == 0))
    else:
        value = None if change == "missing" else 1e6
        other = frame.with_columns(
            [
                pl.when(later).then(pl.lit(value, pl.Float64)).otherwise(pl.col(name)).alias(name)
                for name in frame.columns
                if name != "date"
            ]
        )

    before, after = build_features(frame, given_spec), build_features(other, given_spec)

    target_day = np.datetime64(issued_on) + lead
    rows = before.dates <= target_day
    same_rows = after.dates <= target_day
    assert same_rows.sum() in (rows.sum(), rows.sum() - lead)
    count = int(same_rows.sum())
    np.testing.assert_array_equal(before.x[:count], after.x[:count])
    np.testing.assert_array_equal(before.last_observed[:count], after.last_observed[:count])


def test_features_hold_the_values_of_their_days():
    days = [date(2020, 1, 1) + timedelta(days=day) for day in range(12)]
    frame = pl.DataFrame(
        {
            "date": days,
            "q": [float(i) for i in range(12)],
            "rain_mm": [10.0 * i for i in range(12)],
            "precipitation_mm": [1.0 * i for i in range(12)],
        }
    )
    table = build_features(
        frame, spec(target="q", inputs=("precipitation_mm", "rain_mm"), lead_time=2, lags=(1,), windows=(3,))
    )

    row = int(np.flatnonzero(table.dates == np.datetime64("2020-01-10"))[0])
    assert table.y[row] == 9
    assert table.last_observed[row] == 7
    assert column(table, "q_lag_0")[row] == 7
    assert column(table, "q_change_1")[row] == 1
    assert column(table, "q_mean_3")[row] == 6
    assert column(table, "precipitation_mm_lag_1")[row] == 6
    assert column(table, "precipitation_mm_sum_3")[row] == 5 + 6 + 7
    assert column(table, "rain_mm_mean_3")[row] == 60
    assert np.isnan(column(table, "q_mean_3")[0]), "a window that is not full is missing"
    assert len(table.names) == len(table.groups) == table.x.shape[1]


def test_without_its_history_the_target_is_in_no_feature():
    frame = river()[:200]
    blank = frame.with_columns(discharge_m3s=pl.lit(1.0))
    without = spec(use_target_history=False)

    np.testing.assert_array_equal(build_features(frame, without).x, build_features(blank, without).x)


def test_lags_count_days_and_not_rows():
    frame = river()[:60].filter(pl.col("date") != date(2010, 1, 20))
    table = build_features(frame, spec(inputs=("precipitation_mm",), lags=(1,), windows=()))

    forecast_of_the_22nd = int(np.flatnonzero(table.dates == np.datetime64("2010-01-22"))[0])
    assert np.isnan(column(table, "precipitation_mm_lag_1")[forecast_of_the_22nd])


def test_the_grid_is_sorted_without_holes_and_takes_the_first_of_two():
    frame = pl.DataFrame(
        {
            "date": [date(2020, 1, 4), date(2020, 1, 1), date(2020, 1, 1)],
            "q": [4.0, 1.0, 99.0],
            "t": ["a", "b", "c"],
        }
    )

    grid = daily_grid(frame, ["q"])

    assert grid["date"].to_list() == [date(2020, 1, day) for day in (1, 2, 3, 4)]
    assert grid["q"].to_list() == [1.0, None, None, 4.0]


def test_new_year_is_no_jump_in_the_season():
    table = build_features(river(), spec(inputs=(), lags=(), windows=()))
    season = table.x[:, [index for index, group in enumerate(table.groups) if group == "season"]]

    assert np.abs(np.diff(season, axis=0)).max() < 0.06


def test_a_day_is_of_the_period_in_which_it_lies_and_the_days_between_are_of_none():
    table = build_features(river(), spec(train_end="2011-06-30", test_start="2011-08-01", lead_time=5))

    train, test = split_masks(table.dates, spec(train_end="2011-06-30", test_start="2011-08-01", lead_time=5))

    assert table.dates[train].max() == np.datetime64("2011-06-30")
    assert table.dates[test].min() == np.datetime64("2011-08-01")
    assert (~train & ~test).sum() == 31
    assert set(table.groups) == {"discharge_m3s (history)", *WEATHER, "season"}

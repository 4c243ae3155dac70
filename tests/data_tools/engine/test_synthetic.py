"""The synthetic catchments: no water is lost, the same seed gives the same days, each flaw is there and alone."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from data_tools.engine.synthetic import (
    CUBIC_FEET_PER_CUBIC_METRE,
    DEMO_CATCHMENTS,
    FLAWS,
    Catchment,
    make_catchment,
    oudin_evapotranspiration_mm,
    simulate,
)

START = date(2010, 1, 1)
COLUMNS = [
    "date",
    "precipitation_mm",
    "temperature_max_c",
    "temperature_min_c",
    "potential_evapotranspiration_mm",
    "discharge_m3s",
]


@pytest.mark.parametrize("demo", DEMO_CATCHMENTS, ids=lambda demo: demo.name)
def test_every_millimetre_of_rain_evaporates_runs_off_or_is_stored(demo):
    water = simulate(np.random.default_rng(demo.seed), demo.start, demo.days, demo.catchment)

    stores = (
        water.select(pl.sum_horizontal("snow_mm", "soil_mm", "quick_mm", "slow_mm")).to_series().to_numpy()
    )
    came = water["precipitation_mm"].to_numpy()
    left = (water["evapotranspiration_mm"] + water["runoff_mm"]).to_numpy()
    np.testing.assert_allclose(np.diff(stores), (came - left)[1:], atol=1e-9)
    assert (
        water.select(pl.col("snow_mm", "soil_mm", "runoff_mm", "evapotranspiration_mm").min() >= 0).row(0)
        == (True,) * 4
    )
    assert (water["evapotranspiration_mm"] <= water["potential_evapotranspiration_mm"] + 1e-12).all()
    volume_m3 = water["discharge_m3s"].sum() * 86_400
    assert volume_m3 == pytest.approx(water["runoff_mm"].sum() / 1000 * demo.catchment.area_km2 * 1e6)


def test_the_same_name_and_seed_give_the_same_rows_and_another_name_gives_others():
    first = make_catchment("a", 1, START, 400, "negative_rain")

    assert first.equals(make_catchment("a", 1, START, 400, "negative_rain"))
    assert not first.equals(make_catchment("b", 1, START, 400, "negative_rain"))
    assert first.columns == COLUMNS
    assert first["date"].dtype == pl.Date


def test_cold_catchments_keep_snow_until_spring():
    cold = Catchment(temperature_mean_c=1.0, temperature_amplitude_c=12.0, latitude_deg=60)
    water = simulate(np.random.default_rng(3), START, 730, cold)

    by_month = (
        water.group_by(pl.col("date").dt.month().alias("month")).agg(pl.col("snow_mm").mean()).sort("month")
    )
    assert by_month["snow_mm"][1] > 20
    assert by_month["snow_mm"][6] < 1


def test_oudin_matches_a_value_worked_by_hand():
    # FAO 56, example 8: 20° south on 3 September has 32.2 MJ m⁻² d⁻¹. At 15 °C: 32.2 / 2.45 × 20 / 100.
    made = oudin_evapotranspiration_mm(np.array([15.0, -6.0]), np.array([246.0, 246.0]), -20.0)

    assert made[0] == pytest.approx(32.2 / 2.45 * 0.2, rel=2e-3)
    assert made[1] == 0


def test_each_flaw_changes_what_it_names_and_nothing_else():
    sound = make_catchment("a", 1, START, 1461, "none")
    rain = make_catchment("a", 1, START, 1461, "negative_rain")
    gap = make_catchment("a", 1, START, 1461, "gap_year")
    mixed = make_catchment("a", 1, START, 1461, "unit_mixup")
    doubled = make_catchment("a", 1, START, 1461, "duplicated_days")

    assert (rain["precipitation_mm"] < 0).sum() == 7
    assert rain.drop("precipitation_mm").equals(sound.drop("precipitation_mm"))
    assert gap.filter(pl.col("discharge_m3s").is_null())["date"].dt.year().unique().to_list() == [2012]
    assert gap["discharge_m3s"].null_count() == 366
    ratio = (mixed["discharge_m3s"] / sound["discharge_m3s"]).round(2)
    assert ratio.filter(ratio != 1).len() == 120
    assert ratio.max() == pytest.approx(CUBIC_FEET_PER_CUBIC_METRE, abs=0.2)
    assert doubled.height == 1461 + 10
    assert doubled.unique("date", keep="first", maintain_order=True).equals(sound)


def test_an_unknown_flaw_names_the_known_ones():
    with pytest.raises(ValueError, match="unit_mixup"):
        make_catchment("a", 1, START, 10, "flood")


def test_the_demo_catchments_say_that_they_are_synthetic_and_have_a_flaw_each():
    assert len({demo.flaw for demo in DEMO_CATCHMENTS}) == len(DEMO_CATCHMENTS) == len(FLAWS) - 1
    for demo in DEMO_CATCHMENTS:
        assert demo.name.startswith("Synthetic ")
        assert demo.file_name.startswith("synthetic_")
        assert 4 * 365 <= demo.days <= 6 * 366
        assert (demo.frame()["discharge_m3s"].drop_nulls() > 0).all()

"""Names of columns as people write them, and exact conversions."""

import pytest

from data_tools.engine.units import CUBIC_FOOT_M3
from data_tools.engine.variables import VARIABLES, recognise, unique_names


@pytest.mark.parametrize(
    ("name", "role", "unit"),
    [
        ("discharge_cfs", "discharge", "cfs"),
        ("Q (m3/s)", "discharge", "m3/s"),
        ("Abfluss [m³/s]", "discharge", "m³/s"),
        ("QObs(mm/d)", "specific_discharge", "mm/d"),
        ("01_00060_00003", "discharge", "cfs"),
        ("01_00060_00003_cd", "flag", None),
        ("prcp(mm/day)", "precipitation", "mm/day"),
        ("Niederschlag [mm]", "precipitation", "mm"),
        ("tmax", "temperature_max", None),
        ("temp_max_f", "temperature_max", "f"),
        ("TempMinC", "temperature_min", "c"),
        ("Lufttemperatur [°C]", "temperature_mean", "°C"),
        ("water_temp_c", "water_temperature", "c"),
        ("srad(W/m2)", "solar_radiation", "W/m2"),
        ("snow_water_equiv_mm", "snow_water_equivalent", "mm"),
        ("vapor_pressure_pa", "vapor_pressure", "pa"),
        ("dayl(s)", "day_length", "s"),
        ("RH (%)", "relative_humidity", "%"),
        ("wind_speed_m_s", "wind_speed", "m/s"),
        ("gage height, ft", "water_level", "ft"),
        ("station", "other", None),
    ],
)
def test_a_column_name_tells_variable_and_unit(name: str, role: str, unit: str | None) -> None:
    found = recognise(name)
    assert (found.role, found.unit_text) == (role, unit)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("discharge_cfs", 1.0, 0.028316846592),
        ("runoff (l/s)", 250.0, 0.25),
        ("rain_in", 2.0, 50.8),
        ("temp_max_f", 212.0, 100.0),
        ("tmin [K]", 273.15, 0.0),
        ("vp (hPa)", 12.5, 1250.0),
        ("stage_ft", 10.0, 3.048),
        ("srad (MJ/m2/day)", 8.64, 100.0),
        ("dayl(h)", 12.0, 43_200.0),
    ],
)
def test_units_are_converted_exactly(name: str, value: float, expected: float) -> None:
    conversion = recognise(name).conversion.for_step(86_400)
    assert value * conversion.factor + conversion.offset == pytest.approx(expected, rel=1e-14, abs=1e-12)


def test_a_cubic_foot_is_a_cubed_foot() -> None:
    assert pytest.approx(0.028316846592, rel=1e-15) == CUBIC_FOOT_M3


def test_a_rate_becomes_the_amount_of_a_time_step() -> None:
    assert recognise("rain (mm/h)").conversion.for_step(86_400).factor == pytest.approx(24)
    assert recognise("rain (mm/d)").conversion.for_step(3_600).factor == pytest.approx(1 / 24)
    assert recognise("rain (mm)").conversion.for_step(3_600).factor == 1.0


def test_an_unknown_unit_gives_no_meaning() -> None:
    found = recognise("Q [bananas]")
    assert (found.role, found.unknown_unit) == ("other", "bananas")


def test_names_stay_unique_and_never_take_the_date() -> None:
    assert unique_names(["q", "date", "q", "q_2"]) == ["q", "date_2", "q_2", "q_2_2"]


def test_every_variable_has_a_name_of_its_own_that_ends_in_its_unit() -> None:
    names = [variable.name for variable in VARIABLES.values()]
    assert len(set(names)) == len(names)

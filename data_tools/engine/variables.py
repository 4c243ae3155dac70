"""Recognises a variable and its unit from a column's name, in the words that hydrologists use."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from data_tools.engine import units
from data_tools.engine.units import SAME, Conversion, normalise_unit

Nature = Literal["peaks", "zero", "positive"]


@dataclass(frozen=True, kw_only=True)
class Variable:
    """What a role means: its column name, SI unit, the units understood, and what nature allows (SI).

    `plausible` are bounds no correct value leaves (rounded outwards from the records of the World Meteorological
    Organization); `heavy_tailed` variables have natural single-step peaks; `zero_is_common` ones rest at zero.
    """

    role: str
    name: str
    label: str
    unit: str
    units: dict[str, Conversion]
    plausible: tuple[float, float]
    heavy_tailed: bool = False
    zero_is_common: bool = False
    never_negative: bool = False
    constant_days: int = 14


def _variable(
    role: str,
    name: str,
    unit: str,
    known: dict[str, Conversion],
    plausible: tuple[float, float],
    days: int = 14,
    nature: Sequence[Nature] = (),
) -> Variable:
    return Variable(
        role=role,
        name=name,
        label=role.replace("_", " "),
        unit=unit,
        units=known,
        plausible=plausible,
        heavy_tailed="peaks" in nature,
        zero_is_common="zero" in nature,
        never_negative="positive" in nature,
        constant_days=days,
    )


_WATER: tuple[Nature, ...] = ("peaks", "zero", "positive")
_DEPTHS = units.DEPTH_MM | units.RATE_MM
VARIABLES: dict[str, Variable] = {
    variable.role: variable
    for variable in (
        _variable("discharge", "discharge_m3s", "m³/s", units.DISCHARGE, (0, 400_000), nature=_WATER),
        _variable("specific_discharge", "discharge_mm", "mm", _DEPTHS, (0, 2_500), nature=_WATER),
        _variable("precipitation", "precipitation_mm", "mm", _DEPTHS, (0, 2_500), 5, _WATER),
        _variable("temperature_max", "temperature_max_c", "°C", units.TEMPERATURE, (-95, 62), 5),
        _variable("temperature_min", "temperature_min_c", "°C", units.TEMPERATURE, (-95, 62), 5),
        _variable("temperature_mean", "temperature_mean_c", "°C", units.TEMPERATURE, (-95, 62), 5),
        _variable("dew_point", "dew_point_c", "°C", units.TEMPERATURE, (-95, 40), 5),
        _variable("water_temperature", "water_temperature_c", "°C", units.TEMPERATURE, (-5, 60)),
        _variable(
            "solar_radiation", "solar_radiation_w_m2", "W/m²", units.RADIATION, (-15, 1_600), 5, ("zero",)
        ),
        _variable(
            "snow_water_equivalent", "snow_water_equivalent_mm", "mm", units.DEPTH_MM, (0, 15_000), 60, _WATER
        ),
        _variable("snow_depth", "snow_depth_m", "m", units.LENGTH_M, (0, 30), 60, _WATER),
        _variable("vapor_pressure", "vapor_pressure_pa", "Pa", units.PRESSURE, (0, 8_000), 10),
        _variable("air_pressure", "air_pressure_pa", "Pa", units.PRESSURE, (30_000, 110_000), 5),
        _variable("day_length", "day_length_s", "s", units.TIME, (0, 86_400), 40, ("zero",)),
        _variable(
            "potential_evapotranspiration",
            "potential_evapotranspiration_mm",
            "mm",
            _DEPTHS,
            (-5, 60),
            40,
            ("zero",),
        ),
        _variable("relative_humidity", "relative_humidity_percent", "%", units.HUMIDITY, (0, 110), 14),
        _variable("wind_speed", "wind_speed_m_s", "m/s", units.SPEED, (0, 120), 5, ("zero",)),
        _variable("water_level", "water_level_m", "m", units.LENGTH_M, (-500, 9_000), 21, ("peaks",)),
        _variable("soil_moisture", "soil_moisture_m3_m3", "m³/m³", units.WATER_CONTENT, (0, 1), 30),
    )
}

_TEMPERATURE = {"temp", "temperature", "tair", "t2m", "tas", "temperatur", "lufttemperatur", "t", "ta"}
_FLAGS = {
    "quality",
    "flag",
    "flags",
    "qualifier",
    "qc",
    "code",
    "cd",
    "remark",
    "remarks",
    "status",
    "qualitaet",
    "qualitat",
}
_MAX = {"max", "maximum", "mx", "maxi", "high"}
_MIN = {"min", "minimum", "mn", "mini", "low"}
# (role, sets of words: one of each set must stand in the name); the first rule that fits wins.
RULES: tuple[tuple[str, tuple[set[str], ...]], ...] = (
    ("flag", (_FLAGS,)),
    ("snow_water_equivalent", ({"swe", "schneewasseraequivalent"},)),
    ("snow_water_equivalent", ({"snow"}, {"water", "equivalent", "equiv"})),
    ("snow_depth", ({"snow"}, {"depth", "height"})),
    ("snow_depth", ({"schneehohe", "schneehoehe", "snowdepth", "snwd"},)),
    ("soil_moisture", ({"soil"}, {"moisture", "water"})),
    ("soil_moisture", ({"bodenfeuchte", "soilmoisture", "swvl1"},)),
    (
        "potential_evapotranspiration",
        ({"pet", "et0", "eto", "evapotranspiration", "evaporation", "verdunstung", "petmm"},),
    ),
    (
        "precipitation",
        (
            {
                "precip",
                "precipitation",
                "prcp",
                "prec",
                "rain",
                "rainfall",
                "ppt",
                "pcp",
                "niederschlag",
                "pluie",
                "precipitacion",
                "rr",
                "p",
                "pr",
                "00045",
            },
        ),
    ),
    ("dew_point", ({"dew", "dewpoint", "taupunkt", "tdew"},)),
    ("water_temperature", ({"water", "river", "stream"}, _TEMPERATURE)),
    ("water_temperature", ({"wassertemperatur", "tw", "00010"},)),
    ("temperature_max", ({"tmax", "tx", "tasmax", "maxtemp", "tempmax", "tmx"},)),
    ("temperature_min", ({"tmin", "tn", "tasmin", "mintemp", "tempmin", "tmn"},)),
    ("temperature_max", (_TEMPERATURE, _MAX)),
    ("temperature_min", (_TEMPERATURE, _MIN)),
    ("temperature_mean", ({"tmean", "tavg", "tm"} | _TEMPERATURE,)),
    (
        "solar_radiation",
        ({"srad", "solar", "radiation", "swrad", "shortwave", "rsds", "globalstrahlung", "ssrd", "sw"},),
    ),
    ("vapor_pressure", ({"vapor", "vapour"}, {"pressure", "pres", "press"})),
    ("vapor_pressure", ({"vp", "dampfdruck"},)),
    ("air_pressure", ({"pressure", "luftdruck", "psurf", "slp", "ps"},)),
    ("relative_humidity", ({"rh", "humidity", "luftfeuchte", "relhum", "luftfeuchtigkeit", "hurs"},)),
    ("wind_speed", ({"wind", "windspeed", "ws", "windgeschwindigkeit", "sfcwind"},)),
    ("day_length", ({"dayl", "daylength", "daylight"},)),
    ("day_length", ({"day"}, {"length"})),
    ("water_level", ({"stage", "level", "waterlevel", "wasserstand", "pegel", "wl", "00065"},)),
    ("water_level", ({"gage", "gauge"}, {"height"})),
    (
        "discharge",
        (
            {
                "discharge",
                "streamflow",
                "flow",
                "q",
                "qobs",
                "runoff",
                "abfluss",
                "debit",
                "caudal",
                "riverflow",
                "durchfluss",
                "00060",
                "cfs",
                "cumecs",
            },
        ),
    ),
)
# The U.S. Geological Survey's parameter codes fix the unit.
PARAMETER_CODES = {"00060": "cfs", "00065": "ft", "00010": "c", "00045": "in"}


@dataclass(frozen=True)
class Recognised:
    """A column's meaning. `unit_text` is None when the name says no unit; `unknown_unit` keeps one we cannot convert."""

    variable: Variable | None
    role: str
    unit_text: str | None = None
    conversion: Conversion = SAME
    unknown_unit: str | None = None


def tokens_of(name: str) -> list[str]:
    """The words of a name in lower case without accents: 'TempMax_C' gives temp, max, c."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("ß", "ss"))
    plain = unicodedata.normalize("NFKD", name.lower().replace("³", "3").replace("²", "2"))
    return re.findall(r"[a-z0-9%]+", "".join(char for char in plain if not unicodedata.combining(char)))


def recognise(name: str, unit_row: str | None = None) -> Recognised:
    """The variable and unit that a column name (and the cell of a unit row, if any) speaks of."""
    bare, bracketed = _split_unit(name)
    unit_text = bracketed or (unit_row or None)
    tokens = tokens_of(bare)
    role = _role(tokens)
    if role is None:
        return Recognised(None, "other", unit_text)
    if role == "flag":
        return Recognised(None, "flag")
    if unit_text is None:
        unit_text = _unit_in_tokens(tokens, role)
    return _with_unit(role, unit_text)


def _split_unit(name: str) -> tuple[str, str | None]:
    match = re.fullmatch(r"\s*(.*?)\s*[\[(]([^\[\]()]*)[\])]\s*", name)
    if match is None or not match[1]:
        return name, None
    return match[1], match[2].strip() or None


def _role(tokens: Sequence[str]) -> str | None:
    words = set(tokens)
    for role, sets in RULES:
        if all(words & wanted for wanted in sets):
            return role
    return None


def _unit_in_tokens(tokens: Sequence[str], role: str) -> str | None:
    known = VARIABLES[role].units | (_DEPTHS if role == "discharge" else {})
    for size in (3, 2, 1):
        tail = tokens[-size:]
        if (
            len(tail) == size
            and normalise_unit("".join(tail)) in known
            and (size < len(tokens) or tail[0] != "q")
        ):
            return "/".join(tail) if size > 1 else tail[0]
    return next((PARAMETER_CODES[token] for token in tokens if token in PARAMETER_CODES), None)


def _with_unit(role: str, unit_text: str | None) -> Recognised:
    if unit_text is None:
        return Recognised(VARIABLES[role], role)
    unit = normalise_unit(unit_text)
    if role == "discharge" and unit in _DEPTHS and unit not in units.DISCHARGE:
        role = "specific_discharge"
    conversion = VARIABLES[role].units.get(unit)
    if conversion is None:
        return Recognised(None, "other", unit_text, unknown_unit=unit_text)
    return Recognised(VARIABLES[role], role, unit_text, conversion)


def is_unit(text: str) -> bool:
    """Whether a cell reads as a unit, for finding a row of units under the header."""
    text = normalise_unit(text)
    return any(text in variable.units for variable in VARIABLES.values()) or text in {
        "date",
        "yyyymmdd",
        "code",
    }


def clean_name(name: str) -> str:
    """A name for a column of no known meaning: lower case words joined by underscores."""
    return "_".join(tokens_of(name)).replace("%", "percent") or "column"


def unique_names(wanted: Sequence[str]) -> list[str]:
    """The same names, later ones numbered where they repeat; 'date' is kept for the time stamp."""
    taken: set[str] = {"date"}
    result = []
    for name in wanted:
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name}_{number}", number + 1
        taken.add(candidate)
        result.append(candidate)
    return result

"""Catchments that do not exist: weather and a river from a seed, for the demo, the tests and the benchmarks.

The chain: a wet/dry Markov chain with gamma rain and an AR(1) temperature (Richardson 1981,
doi:10.1029/WR017i001p00182), evapotranspiration after Oudin et al. 2005 (doi:10.1016/j.jhydrol.2004.08.026),
degree-day snow (Hock 2003, doi:10.1016/S0022-1694(03)00257-9), a soil store with HBV's recharge curve
(Lindström et al. 1997, doi:10.1016/S0022-1694(97)00041-3) and two linear reservoirs in parallel.
No water is lost on the way: `simulate` gives every flux and store, and a test adds them up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]

CUBIC_FEET_PER_CUBIC_METRE = 35.314666721
SPIN_UP_DAYS = 365


@dataclass(frozen=True, slots=True)
class Catchment:
    """Climate and ground of a catchment; the defaults are a small, temperate, sometimes snowy one."""

    area_km2: float = 420.0
    latitude_deg: float = 47.0
    temperature_mean_c: float = 8.0
    temperature_amplitude_c: float = 10.0
    temperature_noise_c: float = 2.6
    daily_range_c: float = 9.0
    wet_after_dry: float = 0.28
    wet_after_wet: float = 0.62
    rain_on_wet_day_mm: float = 7.5
    summer_share: float = 0.25
    degree_day_mm_per_c: float = 3.2
    soil_capacity_mm: float = 160.0
    recharge_exponent: float = 2.2
    quick_share: float = 0.55
    quick_days: float = 2.5
    slow_days: float = 55.0


def make_catchment(
    name: str, seed: int, start: date, days: int, flaw: str, *, catchment: Catchment | None = None
) -> pl.DataFrame:
    """`days` daily rows from `start`: date, precipitation_mm, temperature_max_c, temperature_min_c,
    potential_evapotranspiration_mm, discharge_m3s, rounded as gauges report them.

    The same name, seed and catchment give the same rows. `flaw` is a key of FLAWS; ValueError for another.
    """
    if flaw not in FLAWS:
        raise ValueError(f"There is no flaw {flaw!r}; use one of {', '.join(FLAWS)}.")
    digest = hashlib.sha256(f"{name}:{seed}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    water = simulate(random, start, days, catchment or Catchment())
    observed = water.select(
        "date",
        pl.col("precipitation_mm").round(1),
        pl.col("temperature_max_c").round(1),
        pl.col("temperature_min_c").round(1),
        pl.col("potential_evapotranspiration_mm").round(2),
        pl.col("discharge_m3s").round(3),
    )
    return FLAWS[flaw](observed, random)


def simulate(random: np.random.Generator, start: date, days: int, catchment: Catchment) -> pl.DataFrame:
    """The whole water balance of each day in mm, with discharge in m³/s too, after a year that fills the stores.

    Columns besides those of `make_catchment`: evapotranspiration_mm, runoff_mm, and at the end of the day snow_mm,
    soil_mm, quick_mm, slow_mm.
    """
    total = days + SPIN_UP_DAYS
    dates = [start - timedelta(days=SPIN_UP_DAYS) + timedelta(days=day) for day in range(total)]
    day_of_year = np.array([day.timetuple().tm_yday for day in dates], dtype=np.float64)
    rain = _precipitation(random, day_of_year, catchment)
    mean = _temperature(random, day_of_year, rain > 0, catchment)
    spread = catchment.daily_range_c * np.where(rain > 0, 0.7, 1.1) * random.uniform(0.7, 1.3, total)
    pet = oudin_evapotranspiration_mm(mean, day_of_year, catchment.latitude_deg)
    stores = _Stores(soil_mm=0.6 * catchment.soil_capacity_mm, slow_mm=30.0)
    fluxes = [
        stores.step(float(p), float(t), float(e), catchment) for p, t, e in zip(rain, mean, pet, strict=True)
    ]
    names = ("evapotranspiration_mm", "runoff_mm", "snow_mm", "soil_mm", "quick_mm", "slow_mm")
    water = dict(zip(names, np.array(fluxes).T, strict=True))
    return pl.DataFrame(
        {
            "date": dates,
            "precipitation_mm": rain,
            "temperature_max_c": mean + spread / 2,
            "temperature_min_c": mean - spread / 2,
            "potential_evapotranspiration_mm": pet,
            # 1 mm on 1 km² is 1000 m³.
            "discharge_m3s": water["runoff_mm"] * catchment.area_km2 * 1000 / 86_400,
            **water,
        }
    )[SPIN_UP_DAYS:]


def oudin_evapotranspiration_mm(temperature_c: Array, day_of_year: Array, latitude_deg: float) -> Array:
    """Potential evapotranspiration in mm a day: Re/(λρ)·(T+5)/100 where T > -5 °C, else 0 (Oudin et al. 2005).

    Re is the extraterrestrial radiation of FAO Irrigation and Drainage Paper 56, equation 21, in MJ m⁻² d⁻¹.
    """
    latitude = np.radians(latitude_deg)
    angle = 2 * np.pi * day_of_year / 365
    distance = 1 + 0.033 * np.cos(angle)
    declination = 0.409 * np.sin(angle - 1.39)
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(declination), -1, 1))
    sun = sunset * np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.sin(
        sunset
    )
    radiation = 24 * 60 / np.pi * 0.0820 * distance * sun
    return np.asarray(np.maximum(radiation / 2.45 * (temperature_c + 5) / 100, 0.0), dtype=np.float64)


def _precipitation(random: np.random.Generator, day_of_year: Array, catchment: Catchment) -> Array:
    chance = random.uniform(size=day_of_year.size)
    amount = random.gamma(0.75, catchment.rain_on_wet_day_mm / 0.75, day_of_year.size)
    season = 1 + catchment.summer_share * np.sin(2 * np.pi * (day_of_year - 105) / 365.25)
    rain = np.zeros(day_of_year.size)
    wet = False
    for day in range(day_of_year.size):
        wet = bool(chance[day] < (catchment.wet_after_wet if wet else catchment.wet_after_dry))
        # What a gauge cannot measure is no rain.
        rain[day] = amount[day] * season[day] if wet and amount[day] >= 0.1 else 0.0
    return rain


def _temperature(
    random: np.random.Generator, day_of_year: Array, wet: npt.NDArray[np.bool_], catchment: Catchment
) -> Array:
    warmth = -np.cos(2 * np.pi * (day_of_year - 20) / 365.25)
    noise = random.normal(0, catchment.temperature_noise_c, day_of_year.size)
    departure = np.zeros(day_of_year.size)
    for day in range(1, day_of_year.size):
        departure[day] = 0.75 * departure[day - 1] + noise[day]
    cooler_when_wet = np.where(wet, -1.0, 0.3) * np.maximum(warmth, 0)
    return np.asarray(
        catchment.temperature_mean_c
        + catchment.temperature_amplitude_c * warmth
        + departure
        + cooler_when_wet
    )


@dataclass(slots=True)
class _Stores:
    """The water in the catchment at the end of a day, in mm."""

    soil_mm: float
    slow_mm: float
    snow_mm: float = 0.0
    quick_mm: float = 0.0

    def step(self, rain: float, temperature: float, pet: float, catchment: Catchment) -> tuple[float, ...]:
        """One day: evapotranspiration, runoff, and the four stores after it."""
        # Between 0 and 2 °C rain and snow mix.
        liquid = rain * min(max(temperature / 2, 0.0), 1.0)
        melt = min(self.snow_mm, max(catchment.degree_day_mm_per_c * temperature, 0.0))
        self.snow_mm += rain - liquid - melt
        reaching = liquid + melt
        recharge = reaching * (self.soil_mm / catchment.soil_capacity_mm) ** catchment.recharge_exponent
        self.soil_mm += reaching - recharge
        overflow = max(self.soil_mm - catchment.soil_capacity_mm, 0.0)
        self.soil_mm -= overflow
        taken = min(pet * min(self.soil_mm / (0.7 * catchment.soil_capacity_mm), 1.0), self.soil_mm)
        self.soil_mm -= taken
        passed = recharge + overflow
        self.quick_mm += passed * catchment.quick_share
        self.slow_mm += passed * (1 - catchment.quick_share)
        quick = self.quick_mm * -np.expm1(-1 / catchment.quick_days)
        slow = self.slow_mm * -np.expm1(-1 / catchment.slow_days)
        self.quick_mm -= quick
        self.slow_mm -= slow
        return taken, quick + slow, self.snow_mm, self.soil_mm, self.quick_mm, self.slow_mm


Flaw = Callable[[pl.DataFrame, np.random.Generator], pl.DataFrame]


def _none(frame: pl.DataFrame, _random: np.random.Generator) -> pl.DataFrame:
    return frame


def _negative_rain(frame: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """A weighing gauge that loses water by evaporation reports small negative amounts."""
    days = random.choice(frame.height, size=min(7, frame.height), replace=False)
    rain = frame["precipitation_mm"].to_numpy().copy()
    rain[days] = -np.round(random.uniform(0.2, 2.5, days.size), 1)
    return frame.with_columns(pl.Series("precipitation_mm", rain))


def _gap_year(frame: pl.DataFrame, _random: np.random.Generator) -> pl.DataFrame:
    """A gauge that was out of order for a calendar year: the one in the middle of the record."""
    year = frame["date"][frame.height // 2].year
    lost = pl.col("date").dt.year() == year
    return frame.with_columns(discharge_m3s=pl.when(lost).then(None).otherwise(pl.col("discharge_m3s")))


def _unit_mixup(frame: pl.DataFrame, _random: np.random.Generator) -> pl.DataFrame:
    """Four months delivered in cubic feet per second by an office that used to report so."""
    first = frame.height // 3
    mixed = pl.int_range(pl.len()).is_between(first, first + 119)
    feet = (pl.col("discharge_m3s") * CUBIC_FEET_PER_CUBIC_METRE).round(3)
    return frame.with_columns(discharge_m3s=pl.when(mixed).then(feet).otherwise(pl.col("discharge_m3s")))


def _duplicated_days(frame: pl.DataFrame, _random: np.random.Generator) -> pl.DataFrame:
    """Two yearly files that overlap by ten days, put one behind the other."""
    seam = frame.height // 2
    return pl.concat([frame[:seam], frame[max(seam - 10, 0) :]])


FLAWS: dict[str, Flaw] = {
    "none": _none,
    "negative_rain": _negative_rain,
    "gap_year": _gap_year,
    "unit_mixup": _unit_mixup,
    "duplicated_days": _duplicated_days,
}


@dataclass(frozen=True, slots=True)
class DemoCatchment:
    """One catchment of the demo world; `story` says what a hydrologist should notice."""

    name: str
    file_name: str
    seed: int
    start: date
    days: int
    flaw: str
    story: str
    catchment: Catchment = field(default_factory=Catchment)

    def frame(self) -> pl.DataFrame:
        return make_catchment(
            self.name, self.seed, self.start, self.days, self.flaw, catchment=self.catchment
        )


DEMO_CATCHMENTS: tuple[DemoCatchment, ...] = (
    DemoCatchment(
        "Synthetic Alder Brook", "synthetic_alder_brook.csv", 11, date(2015, 1, 1), 1826, "negative_rain",
        "Its rain gauge weighs, and reports evaporation as negative rain on seven days.",
        Catchment(area_km2=85, quick_share=0.7, quick_days=1.5, slow_days=30, soil_capacity_mm=110),
    ),
    DemoCatchment(
        "Synthetic Grey Fell", "synthetic_grey_fell.csv", 23, date(2013, 10, 1), 2191, "gap_year",
        "A mountain river with a flood of melting snow each spring; the gauge was out of order for a year.",
        Catchment(area_km2=640, latitude_deg=61, temperature_mean_c=2.0, temperature_amplitude_c=12,
                  summer_share=0.1, degree_day_mm_per_c=3.8, slow_days=70),
    ),
    DemoCatchment(
        "Synthetic Marl Valley", "synthetic_marl_valley.csv", 37, date(2016, 1, 1), 1461, "unit_mixup",
        "A chalk stream, slow and even; four months were delivered in cubic feet per second.",
        Catchment(area_km2=310, latitude_deg=51, temperature_mean_c=10, temperature_amplitude_c=7,
                  quick_share=0.3, quick_days=3, slow_days=95, soil_capacity_mm=200, summer_share=0.0),
    ),
    DemoCatchment(
        "Synthetic Red Mesa", "synthetic_red_mesa.csv", 53, date(2014, 1, 1), 2191, "duplicated_days",
        "Dry and flashy, with storms in summer; two yearly files overlap by ten days.",
        Catchment(area_km2=1250, latitude_deg=36, temperature_mean_c=14, temperature_amplitude_c=10,
                  wet_after_dry=0.12, wet_after_wet=0.4, rain_on_wet_day_mm=11, summer_share=0.6,
                  quick_share=0.75, quick_days=1.8, slow_days=25, soil_capacity_mm=90),
    ),
)  # fmt: skip

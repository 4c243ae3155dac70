"""What is asked of the weather service, and the only form of answer that is believed."""

import json
import math
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NoReturn

from core.resilience import ServiceAnswerError

MAX_DAYS = 366 * 50
# The service answers for the cell of its grid that holds the place.
MAX_DISTANCE_DEG = 0.5


@dataclass(frozen=True)
class Variable:
    """A daily value: its name there and here, its unit, and what is possible on Earth."""

    name: str
    column: str
    unit: str
    lowest: float
    highest: float


VARIABLES = (
    Variable("precipitation_sum", "precipitation_mm", "mm", 0.0, 2000.0),
    Variable("temperature_2m_max", "temperature_max_c", "°C", -95.0, 65.0),
    Variable("temperature_2m_min", "temperature_min_c", "°C", -95.0, 65.0),
)


@dataclass(frozen=True)
class WeatherQuery:
    """A place in degrees (north and east positive) and a period, its last day included."""

    latitude: Decimal
    longitude: Decimal
    start: date
    end: date

    @property
    def days(self) -> list[date]:
        return [self.start + timedelta(days=number) for number in range((self.end - self.start).days + 1)]

    @property
    def parameters(self) -> dict[str, str]:
        return {
            "latitude": f"{self.latitude:.4f}",
            "longitude": f"{self.longitude:.4f}",
            "start_date": self.start.isoformat(),
            "end_date": self.end.isoformat(),
            "daily": ",".join(variable.name for variable in VARIABLES),
            "timezone": "GMT",
        }

    @property
    def place(self) -> str:
        """Such as 44.6083° N, 67.9353° W."""
        north = "N" if self.latitude >= 0 else "S"
        east = "E" if self.longitude >= 0 else "W"
        return f"{abs(self.latitude):.4f}° {north}, {abs(self.longitude):.4f}° {east}"

    @property
    def file_name(self) -> str:
        return f"weather_{self.latitude:.4f}_{self.longitude:.4f}_{self.start}_{self.end}.csv"


@dataclass(frozen=True)
class WeatherAnswer:
    """The values of each variable, day by day, None where there is none. `synthetic`: invented by a generator."""

    query: WeatherQuery
    values: tuple[tuple[float | None, ...], ...]
    synthetic: bool

    def to_csv(self) -> bytes:
        lines = [",".join(("date", *(variable.column for variable in VARIABLES)))]
        for day, *row in zip(self.query.days, *self.values, strict=True):
            lines.append(",".join((str(day), *("" if value is None else str(value) for value in row))))
        return ("\n".join(lines) + "\n").encode()


def read_answer(query: WeatherQuery, raw: bytes) -> WeatherAnswer:
    """The answer, if it is exactly what was asked for. Raises ServiceAnswerError that says what is wrong with it."""
    try:
        answer = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        _refuse("is no JSON")
    daily = _section(answer, "daily")
    units = _section(answer, "daily_units")
    for name, asked in (("latitude", query.latitude), ("longitude", query.longitude)):
        given = answer.get(name)
        if not _is_number(given) or abs(given - float(asked)) > MAX_DISTANCE_DEG:
            _refuse(f"is for another {name}")
    if daily.get("time") != [day.isoformat() for day in query.days]:
        _refuse("has other days than were asked for")
    values = tuple(_values(variable, daily, units, len(query.days)) for variable in VARIABLES)
    for highest, lowest in zip(values[1], values[2], strict=True):
        if highest is not None and lowest is not None and lowest > highest:
            _refuse("has days whose lowest temperature is above the highest")
    return WeatherAnswer(query, values, synthetic=answer.get("synthetic") is True)


def _values(
    variable: Variable, daily: dict[str, Any], units: dict[str, Any], count: int
) -> tuple[float | None, ...]:
    values = daily.get(variable.name)
    if not isinstance(values, list) or len(values) != count:
        _refuse(f"has not one {variable.name} for each day")
    if units.get(variable.name) != variable.unit:
        _refuse(f"gives {variable.name} in another unit than {variable.unit}")
    for value in values:
        if value is not None and not (_is_number(value) and variable.lowest <= value <= variable.highest):
            _refuse(f"has an impossible {variable.name}")
    return tuple(values)


def _section(answer: Any, name: str) -> dict[str, Any]:
    section = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(section, dict):
        _refuse(f"has no {name}")
    return section


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse(what: str) -> NoReturn:
    raise ServiceAnswerError(
        f"The weather service answered, but not with what it promises: its answer {what}. Nothing was imported."
    )

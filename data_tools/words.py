"""The engine's terms in the reader's language: it knows no Django, and what it stores is English."""

from django.utils.translation import gettext_lazy as _

TIME_STEPS = {
    "minutely": _("minutely"),
    "15-minutely": _("15-minutely"),
    "hourly": _("hourly"),
    "daily": _("daily"),
    "weekly": _("weekly"),
    "monthly": _("monthly"),
    "yearly": _("yearly"),
    "irregular": _("irregular"),
}
# Steps without a name of their own, by the unit in which the engine counts them.
EVERY = {
    "days": _("every %(count)s days"),
    "hours": _("every %(count)s hours"),
    "minutes": _("every %(count)s minutes"),
    "seconds": _("every %(count)s seconds"),
}
ROLES = {
    "air_pressure": _("air pressure"),
    "date": _("date"),
    "day_length": _("day length"),
    "dew_point": _("dew point"),
    "discharge": _("discharge"),
    "flag": _("flag"),
    "other": _("other"),
    "potential_evapotranspiration": _("potential evapotranspiration"),
    "precipitation": _("precipitation"),
    "relative_humidity": _("relative humidity"),
    "snow_depth": _("snow depth"),
    "snow_water_equivalent": _("snow water equivalent"),
    "soil_moisture": _("soil moisture"),
    "solar_radiation": _("solar radiation"),
    "specific_discharge": _("specific discharge"),
    "temperature_max": _("temperature, max"),
    "temperature_mean": _("temperature, mean"),
    "temperature_min": _("temperature, min"),
    "vapor_pressure": _("vapor pressure"),
    "water_level": _("water level"),
    "water_temperature": _("water temperature"),
    "wind_speed": _("wind speed"),
}


def step_words(step: str) -> str:
    """A record's time step, `daily` or `every 3 hours`; as it is stored when it is neither."""
    every, _blank, rest = step.partition(" ")
    count, _blank, unit = rest.partition(" ")
    if every == "every" and unit in EVERY:
        return EVERY[unit] % {"count": count}
    return str(TIME_STEPS.get(step, step))


def role_words(role: str) -> str:
    """What a column holds: `temperature_max` as `temperature, max`."""
    return str(ROLES.get(role) or role.replace("_", " "))

"""Units of measurement: what people write, and the exact factor and offset that lead to SI."""

import re
from dataclasses import dataclass

FOOT_M = 0.3048
CUBIC_FOOT_M3 = FOOT_M**3  # 0.028316846592, exact by the definition of the international foot
DAY_S = 86_400


@dataclass(frozen=True)
class Conversion:
    """SI value = value × factor + offset. `per_time_s` marks a rate whose amount depends on the time step."""

    factor: float = 1.0
    offset: float = 0.0
    per_time_s: int | None = None

    @property
    def changes(self) -> bool:
        return self.factor != 1.0 or self.offset != 0.0

    def for_step(self, step_s: int | None) -> "Conversion":
        """The conversion of a rate to the amount in one time step; amounts stay as they are."""
        if self.per_time_s is None or step_s is None:
            return Conversion(self.factor, self.offset)
        return Conversion(self.factor * step_s / self.per_time_s, self.offset)


SAME = Conversion()

DISCHARGE = {
    "m3s": SAME, "m3s1": SAME, "cms": SAME, "cumec": SAME, "cumecs": SAME, "m3sec": SAME,
    "cfs": Conversion(0.028316846592), "ft3s": Conversion(0.028316846592), "ft3s1": Conversion(0.028316846592),
    "cusec": Conversion(0.028316846592), "cusecs": Conversion(0.028316846592),
    "cubicfeetpersecond": Conversion(0.028316846592), "cubicmeterspersecond": SAME,
    "ls": Conversion(0.001), "ls1": Conversion(0.001), "lsec": Conversion(0.001),
    "m3d": Conversion(1 / DAY_S), "m3day": Conversion(1 / DAY_S), "m3h": Conversion(1 / 3600),
    "mld": Conversion(1000 / DAY_S), "mlday": Conversion(1000 / DAY_S),
    "gpm": Conversion(3.785411784e-3 / 60), "mgd": Conversion(3785.411784 / DAY_S),
}  # fmt: skip
DEPTH_MM = {
    "mm": SAME, "lm2": SAME, "kgm2": SAME, "cm": Conversion(10.0), "m": Conversion(1000.0),
    "in": Conversion(25.4), "inch": Conversion(25.4), "inches": Conversion(25.4),
    "01mm": Conversion(0.1), "tenthsofmm": Conversion(0.1), "ft": Conversion(304.8),
}  # fmt: skip
RATE_MM = {
    f"{depth}{per}": Conversion(conversion.factor, 0.0, seconds)
    for depth, conversion in DEPTH_MM.items()
    for per, seconds in (("d", DAY_S), ("d1", DAY_S), ("day", DAY_S), ("day1", DAY_S), ("h", 3600), ("h1", 3600),
                         ("hr", 3600), ("hour", 3600), ("s1", 1), ("s", 1))
}  # fmt: skip
TEMPERATURE = {
    "c": SAME, "degc": SAME, "celsius": SAME, "gradc": SAME, "degreesc": SAME, "degreecelsius": SAME,
    "f": Conversion(5 / 9, -160 / 9), "degf": Conversion(5 / 9, -160 / 9), "fahrenheit": Conversion(5 / 9, -160 / 9),
    "degreesf": Conversion(5 / 9, -160 / 9),
    "k": Conversion(1.0, -273.15), "kelvin": Conversion(1.0, -273.15), "degk": Conversion(1.0, -273.15),
    "01c": Conversion(0.1), "01degc": Conversion(0.1), "tenthsofdegreesc": Conversion(0.1),
}  # fmt: skip
RADIATION = {
    "wm2": SAME, "mjm2d": Conversion(1e6 / DAY_S), "mjm2day": Conversion(1e6 / DAY_S), "mjm2d1": Conversion(1e6 / DAY_S),
    "mjm2day1": Conversion(1e6 / DAY_S), "mjm2": Conversion(1e6 / DAY_S), "kjm2d": Conversion(1e3 / DAY_S),
    "kjm2day": Conversion(1e3 / DAY_S), "jcm2d": Conversion(1e4 / DAY_S), "jcm2": Conversion(1e4 / DAY_S),
    "ly": Conversion(41_840 / DAY_S), "lyday": Conversion(41_840 / DAY_S), "lyd": Conversion(41_840 / DAY_S),
}  # fmt: skip
PRESSURE = {
    "pa": SAME, "hpa": Conversion(100.0), "mb": Conversion(100.0), "mbar": Conversion(100.0), "kpa": Conversion(1000.0),
    "bar": Conversion(1e5), "mmhg": Conversion(133.322387415), "inhg": Conversion(3386.389), "atm": Conversion(101_325.0),
}  # fmt: skip
TIME = {
    "s": SAME, "sec": SAME, "seconds": SAME, "min": Conversion(60.0), "minutes": Conversion(60.0),
    "h": Conversion(3600.0), "hr": Conversion(3600.0), "hours": Conversion(3600.0), "hrs": Conversion(3600.0),
}  # fmt: skip
HUMIDITY = {"%": SAME, "percent": SAME, "pct": SAME, "fraction": Conversion(100.0), "frac": Conversion(100.0)}
SPEED = {
    "ms": SAME, "ms1": SAME, "kmh": Conversion(1 / 3.6), "kmh1": Conversion(1 / 3.6), "kph": Conversion(1 / 3.6),
    "mph": Conversion(0.44704), "kn": Conversion(1852 / 3600), "kt": Conversion(1852 / 3600),
    "knots": Conversion(1852 / 3600), "fts": Conversion(FOOT_M),
}  # fmt: skip
LENGTH_M = {
    "m": SAME, "cm": Conversion(0.01), "mm": Conversion(0.001), "ft": Conversion(FOOT_M), "feet": Conversion(FOOT_M),
    "in": Conversion(0.0254), "inch": Conversion(0.0254), "inches": Conversion(0.0254),
}  # fmt: skip
WATER_CONTENT = {"m3m3": SAME, "fraction": SAME, "frac": SAME, "%": Conversion(0.01), "vol%": Conversion(0.01),
                 "percent": Conversion(0.01), "pct": Conversion(0.01)}  # fmt: skip


def normalise_unit(text: str) -> str:
    """'[m³/s]', 'm^3 s-1' and 'M3S' look the same afterwards: lower case letters, digits and the percent sign."""
    text = (
        text.lower()
        .replace("³", "3")
        .replace("²", "2")
        .replace("⁻¹", "1")
        .replace("µ", "u")
        .replace("ft^3", "ft3")
    )
    return re.sub(r"[^a-z0-9%]", "", text)

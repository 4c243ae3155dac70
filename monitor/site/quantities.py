"""Numbers with their units, as all pages of the monitor write them."""

import math

_BYTES = ("B", "kB", "MB", "GB", "TB")


def quantity(value: float | None, unit: str = "") -> str:
    """`share` of 1 becomes percent, `s` and `ms` the unit that reads best, `bytes` kB to TB; else the number and `unit`,
    which is given as a plural: `1 event`, `2 events`."""
    if value is None or not math.isfinite(value):
        return "–"
    if unit == "share":
        return share(value)
    if unit == "bytes":
        return size(value)
    if unit in {"s", "ms"}:
        return span(value / 1000 if unit == "ms" else value)
    if value == 1 and unit.endswith("s"):
        unit = unit[:-1]
    return f"{number(value)} {unit}".rstrip()


def number(value: float) -> str:
    """Whole numbers exactly, `1,204`; others with three significant digits."""
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{round(value):,}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.1e}"


def share(value: float, goal: float | None = None) -> str:
    """In percent. What is nearly all, nearly nothing or nearly `goal` is not rounded to it: 99.85 % misses 99.9 %."""
    percent = value * 100
    exact = {0.0, 100.0} if goal is None else {0.0, 100.0, round(goal * 100, 6)}
    for digits in (1, 2, 3):
        text = f"{percent:.{digits}f}"
        if round(percent, 6) in exact or float(text) not in exact:
            break
    return f"{text.rstrip('0').rstrip('.')} %".replace("-", "−")


def size(count: float) -> str:
    """Bytes, by thousands."""
    amount = float(count)
    for unit in _BYTES:
        if abs(amount) < 1000 or unit == _BYTES[-1]:
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


def span(seconds: float) -> str:
    """A length of time: `230 µs`, `12 ms`, `1.4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 0:
        return f"−{span(-seconds)}"
    if seconds == 0:
        return "0 s"
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = round(seconds)
    for unit, length, smaller, small in (
        ("d", 86400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= length:
            rest = whole % length // small
            return f"{whole // length} {unit} {rest} {smaller}" if rest else f"{whole // length} {unit}"
    return f"{whole} s"

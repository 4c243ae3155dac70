"""Figures as people read them in mail and on paper: numbers with units, changes with their sign."""

from __future__ import annotations

from monitor.reports.counts import Json

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def number(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f}"


def share(value: float | None, places: int = 2) -> str:
    """`99.93 %`; what is not whole is never said to be 100 %."""
    if value is None:
        return "none"
    text = f"{value * 100:.{places}f}"
    if float(text) == 100 and value < 1:
        text = f"{99.99:.{places}f}" if places <= 2 else "99.999"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def duration(seconds: float | None) -> str:
    """`41 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    if seconds is None:
        return "none"
    whole = round(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{round(whole / _MINUTE)} min"
    if whole < 2 * _DAY:
        hours, minutes = divmod(round(whole / _MINUTE), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(whole / _HOUR), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def milliseconds(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def of_unit(value: float | None, unit: str) -> str:
    """`unit`: s or share."""
    return duration(value) if unit == "s" else share(value, 1)


def change(now: float | None, before: float | None) -> str:
    """`+12 %`, `as before`; empty where there is nothing to compare with."""
    if now is None or not before:
        return ""
    grown = now / before - 1
    if abs(grown) < 0.005:
        return "as before"
    return f"{grown:+.0%}".replace("%", " %")


SUMMARY: tuple[tuple[str, str, str], ...] = (
    ("requests", "Requests", "number"),
    ("error_rate", "of these answered with 5xx", "share"),
    ("events", "Errors and messages", "number"),
    ("users", "Users who met one", "number"),
    ("sessions", "Sessions", "number"),
    ("crash_free", "of these free of crashes", "share"),
)
"""Key, label and unit of each figure of a summary, in the order in which they are read."""


def summary_rows(summary: Json) -> list[tuple[str, str, str, str]]:
    """Label, figure, figure before, change. A share has no change of its own: the two figures say it."""
    rows = []
    for key, label, unit in SUMMARY:
        one = summary[key]
        say = share if unit == "share" else number
        grown = "" if unit == "share" else change(one["now"], one["before"])
        rows.append((label, say(one["now"]), say(one["before"]), grown))
    return rows

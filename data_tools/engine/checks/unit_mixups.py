"""Stretches in other units: discharge in cubic feet among cubic metres, degrees Fahrenheit or kelvin among Celsius."""

from dataclasses import dataclass

import numpy as np

from data_tools.engine.checks.series import EDGE, Floats, Place, Subject, Where, Window
from data_tools.engine.result import Finding

CUBIC_FEET = 1 / 0.028316846592
# How far the level before and after a change of unit may differ from the exact factor: nature moves on meanwhile.
FACTOR_TOLERANCE = 1.8
DEGREES_TOLERANCE = 6.0
# Weather changes the median of five days by up to 15 degrees; Fahrenheit differs by more above -12 °C.
LEAST_DEGREES = 22.0
MOST_STEPS = 200
# A series that leaps more often than this has no stretches; judging each leap would take minutes.
MOST_LEAPS = 5_000
SHORTEST_PAIR = 5
SHORTEST_OPEN = 30
_TEMPERATURES = {"temperature_max", "temperature_min", "temperature_mean", "dew_point", "water_temperature"}


@dataclass(frozen=True)
class _Step:
    unit: str
    up: bool
    place: Place


class UnitMixupCheck:
    """Looks for a sudden change of level by the factor (or shift) of a change of unit, and for its way back.

    Levels are medians of five values on either side of the change, so that a flood peak does not pass for one.
    A stretch must last five rows between two changes, or thirty rows to the beginning or end of the file.
    """

    def __init__(self, subject: Subject) -> None:
        role = subject.variable.role if subject.variable else ""
        self._subject = subject
        self._is_discharge = role in {"discharge", "specific_discharge"}
        self.applies = self._is_discharge or role in _TEMPERATURES
        self._steps: list[_Step] = []
        self._leaps = 0
        self._overflow = False
        self._first: Place | None = None
        self._last = Place(0, 0)

    def see(self, window: Window) -> None:
        inner = window.values[window.inner]
        if not len(inner):
            return
        self._first = self._first or window.place(0)
        self._last = window.place(len(inner) - 1)
        if self._overflow:
            return
        sudden = np.flatnonzero(self._sudden(window))
        self._leaps += len(sudden)
        for at in sudden[:MOST_LEAPS].tolist():
            step = self._judge(window, at)
            if step is not None:
                self._steps.append(step)
        self._overflow = self._leaps > MOST_LEAPS or len(self._steps) > MOST_STEPS

    def _sudden(self, window: Window) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        now, before = window.values[window.inner], window.values[EDGE - 1 : -EDGE - 1]
        if not self._is_discharge:
            return np.asarray(np.abs(window.steps[EDGE - 1 : -EDGE]) > 15)
        low = CUBIC_FEET / FACTOR_TOLERANCE / 1.5
        return np.asarray(((now > low * before) & (before > 0)) | ((before > low * now) & (now > 0)))

    def _judge(self, window: Window, at: int) -> _Step | None:
        middle = EDGE + at
        before, after = _level(window.values[middle - 5 : middle]), _level(window.values[middle : middle + 5])
        if before is None or after is None:
            return None
        if self._is_discharge:
            if before <= 0 or after <= 0:
                return None
            for up, ratio in ((True, after / before), (False, before / after)):
                if CUBIC_FEET / FACTOR_TOLERANCE < ratio < CUBIC_FEET * FACTOR_TOLERANCE:
                    return _Step("cubic feet", up, window.place(at))
            return None
        for up, celsius, other in ((True, before, after), (False, after, before)):
            if other - celsius > LEAST_DEGREES and abs((other - 32) / 1.8 - celsius) < DEGREES_TOLERANCE:
                return _Step("°F", up, window.place(at))
            if abs(other - 273.15 - celsius) < DEGREES_TOLERANCE:
                return _Step("K", up, window.place(at))
        return None

    def findings(self, where: Where) -> list[Finding]:
        if self._overflow or self._first is None:
            return []
        found = []
        steps = list(self._steps)
        while steps:
            step = steps.pop(0)
            if steps and steps[0].unit == step.unit and steps[0].up != step.up:
                back = steps.pop(0)
                end = Place(back.place.row - 1, back.place.time_ms - self._step_ms())
                if back.place.row - step.place.row >= SHORTEST_PAIR:
                    found.append(self._finding(step.unit, step.place, end, where, high=step.up))
            else:
                found.extend(self._one_sided(step, self._first, where))
        return found

    def _one_sided(self, step: _Step, first: Place, where: Where) -> list[Finding]:
        end = Place(step.place.row - 1, step.place.time_ms - self._step_ms())
        stretch = (step.place, self._last) if step.up else (first, end)
        before, after = step.place.row - first.row, self._last.row - step.place.row
        # One change alone is weak evidence; beside the shortest stretch it must be no discharge, which leaps so by nature.
        if min(before, after) < SHORTEST_OPEN or self._is_discharge:
            return []
        return [self._finding(step.unit, *stretch, where, high=True)]

    def _step_ms(self) -> int:
        return (self._subject.step.seconds or 0) * 1000

    def _finding(self, unit: str, start: Place, end: Place, where: Where, *, high: bool) -> Finding:
        size = end.row - start.row + 1
        if self._is_discharge:
            what = (
                "about 35.3 times the values around it, the factor between cubic feet and cubic metres"
                if high
                else "about 1/35.3 of the values around it, the factor between cubic metres and cubic feet"
            )
        else:
            what = (
                f"as it would be in {unit} among degrees Celsius"
                if high
                else "too low, as if converted twice"
            )
        return Finding(
            kind="unit_suspect",
            severity="warning",
            column=self._subject.column.name,
            count=size,
            rows=where.lines([Place(row, 0) for row in range(start.row, min(end.row + 1, start.row + 50))]),
            start=where.iso(start.time_ms),
            end=where.iso(end.time_ms),
            message=f"{self._subject.name} is {what}, in {size:,} rows from {where.at(start)} to {where.at(end)}. "
            "Another unit is likely there; the values were kept.",
        )


def _level(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) >= 3 else None

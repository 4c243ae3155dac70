"""The scale on which a model learns the target, and the way back to the target's own unit.

`log_change`, the default for discharge, learns log((q[t+L]+e)/(q[t]+e)): what a day of rain or of recession does
to the river in proportion to what it carried. It starts from persistence (a model that learns nothing forecasts
the last value), and makes errors at low and high flow comparable, so that one flood does not outweigh the year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.engine.features import Array

LOGARITHMIC = ("discharge", "snow_water_equivalent")


@dataclass(frozen=True, slots=True)
class TargetScale:
    """`kind` is one of parameters.TARGET_SCALES without auto; `offset` keeps the logarithm of 0 finite."""

    kind: str
    offset: float
    floor: float

    def forward(self, y: Array, last_observed: Array) -> Array:
        values = self._bend(y)
        return values - self._bend(last_observed) if "change" in self.kind else values

    def backward(self, learned: Array, last_observed: Array) -> Array:
        """In the target's unit; never below `floor` (0 for a quantity that was never negative in training)."""
        values = learned + self._bend(last_observed) if "change" in self.kind else learned
        if "log" in self.kind:
            # An overflow here is a diverged model; the caller checks for it and says so.
            with np.errstate(over="ignore"):
                values = np.exp(values) - self.offset
        return np.maximum(values, self.floor)

    def _bend(self, values: Array) -> Array:
        return np.log(values + self.offset) if "log" in self.kind else values


def choose_scale(kind: str, target: str, observed: Array, *, use_target_history: bool) -> TargetScale:
    """The scale for observed training values; `auto` takes logarithms of flows and stores that are never negative."""
    lowest = float(observed.min())
    if kind == "auto":
        logarithmic = target.startswith(LOGARITHMIC) and lowest >= 0 and float(observed.mean()) > 0
        kinds = ("log", "value") if not use_target_history else ("log_change", "change")
        kind = kinds[0] if logarithmic else kinds[1]
    offset = 0.01 * float(observed.mean()) if "log" in kind else 0.0
    return TargetScale(kind, offset, 0.0 if lowest >= 0 else -np.inf)

"""How well a simulated series matches the observed one, in the measures that hydrologists report.

Pairs in which either value is missing (NaN or infinite) are dropped. A measure that is mathematically
undefined for what is left raises UndefinedMetricError with the reason; `score` collects these reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class UndefinedMetricError(ValueError):
    """The measure has no value for these series; the text says why."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One measure as pages show it: `ideal` is its best value, and nearer to it is better."""

    key: str
    label: str
    meaning: str
    ideal: float
    has_target_unit: bool
    is_percent: bool
    compute: Callable[[npt.ArrayLike, npt.ArrayLike], float]

    def is_better(self, value: float, other: float) -> bool:
        return abs(value - self.ideal) < abs(other - self.ideal)


def nash_sutcliffe_efficiency(observed: npt.ArrayLike, simulated: npt.ArrayLike) -> float:
    """1 - Σ(obs-sim)²/Σ(obs-mean(obs))²: 1 is perfect, 0 is as good as the mean of the observations; no unit.

    Nash & Sutcliffe 1970, doi:10.1016/0022-1694(70)90255-6. Undefined when the observations do not vary.
    """
    obs, sim = _pairs(observed, simulated)
    variance = float(np.sum((obs - obs.mean()) ** 2))
    if _is_constant(obs):
        raise UndefinedMetricError(
            f"All {obs.size} observed values are {obs[0]:g}: NSE divides by their variance."
        )
    return 1.0 - float(np.sum((obs - sim) ** 2)) / variance


def kling_gupta_efficiency(observed: npt.ArrayLike, simulated: npt.ArrayLike) -> float:
    """1 - √((r-1)² + (σsim/σobs-1)² + (μsim/μobs-1)²): 1 is perfect; no unit.

    Gupta et al. 2009, doi:10.1016/j.jhydrol.2009.08.003. Undefined when either series does not vary (no
    correlation) or the observations' mean is 0.
    """
    obs, sim = _pairs(observed, simulated)
    for name, values in (("observed", obs), ("simulated", sim)):
        if _is_constant(values):
            raise UndefinedMetricError(
                f"All {values.size} {name} values are {values[0]:g}: no correlation exists for KGE."
            )
    if abs(obs.mean()) < 1e-12 * np.abs(obs).max():
        raise UndefinedMetricError("The observed mean is 0: KGE divides by it.")
    r = float(np.corrcoef(obs, sim)[0, 1])
    alpha = float(sim.std() / obs.std())
    beta = float(sim.mean() / obs.mean())
    return 1.0 - float(np.sqrt((r - 1) ** 2 + (alpha - 1) ** 2 + (beta - 1) ** 2))


def root_mean_square_error(observed: npt.ArrayLike, simulated: npt.ArrayLike) -> float:
    """√mean((obs-sim)²), in the unit of the series: 0 is perfect."""
    obs, sim = _pairs(observed, simulated)
    return float(np.sqrt(np.mean((obs - sim) ** 2)))


def percent_bias(observed: npt.ArrayLike, simulated: npt.ArrayLike) -> float:
    """100·Σ(obs-sim)/Σobs, in percent: 0 is perfect, positive means that the simulation gives too little.

    Sign and name as in Moriasi et al. 2007, doi:10.13031/2013.23153. Undefined when the observed sum is 0.
    """
    obs, sim = _pairs(observed, simulated)
    total = float(obs.sum())
    if abs(total) <= 1e-12 * float(np.abs(obs).sum()):
        raise UndefinedMetricError("The observed values sum to 0: PBIAS divides by their sum.")
    return 100.0 * float(np.sum(obs - sim)) / total


METRICS: tuple[Metric, ...] = (
    Metric("nse", "NSE", "Nash–Sutcliffe efficiency", 1.0, False, False, nash_sutcliffe_efficiency),
    Metric("kge", "KGE", "Kling–Gupta efficiency", 1.0, False, False, kling_gupta_efficiency),
    Metric("rmse", "RMSE", "Root mean square error", 0.0, True, False, root_mean_square_error),
    Metric("pbias", "PBIAS", "Percent bias (positive: simulated too little)", 0.0, False, True, percent_bias),
)


def score(observed: npt.ArrayLike, simulated: npt.ArrayLike) -> dict[str, Any]:
    """All measures by key (None if undefined), `count` of pairs used, `undefined` (key → reason); JSON-able."""
    values: dict[str, Any] = {}
    undefined: dict[str, str] = {}
    for metric in METRICS:
        try:
            values[metric.key] = metric.compute(observed, simulated)
        except UndefinedMetricError as error:
            values[metric.key] = None
            undefined[metric.key] = str(error)
    return {**values, "count": int(_complete(observed, simulated)[0].size), "undefined": undefined}


def _complete(observed: npt.ArrayLike, simulated: npt.ArrayLike) -> tuple[Array, Array]:
    obs = np.asarray(observed, dtype=np.float64)
    sim = np.asarray(simulated, dtype=np.float64)
    if obs.shape != sim.shape or obs.ndim != 1:
        raise ValueError(f"Observed {obs.shape} and simulated {sim.shape} must be two series of one length.")
    both = np.isfinite(obs) & np.isfinite(sim)
    return obs[both], sim[both]


def _pairs(observed: npt.ArrayLike, simulated: npt.ArrayLike) -> tuple[Array, Array]:
    obs, sim = _complete(observed, simulated)
    if obs.size < 2:
        raise UndefinedMetricError(
            f"{obs.size} days have both an observed and a simulated value: two are needed."
        )
    return obs, sim


def _is_constant(values: Array) -> bool:
    # Rounding in the mean leaves a variance of about 1e-32 for equal values; the range does not.
    return bool(np.ptp(values) == 0.0)

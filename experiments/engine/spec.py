"""What an experiment is, as plain data: the one thing that is stored, re-run and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from experiments.errors import ExperimentGuardError

MODELS: dict[str, str] = {
    "persistence": "Persistence",
    "ridge": "Linear (ridge)",
    "random_forest": "Random forest",
    "hist_gradient_boosting": "Gradient boosting",
}
MAX_REACH_DAYS = 730
MAX_LEAD_TIME_DAYS = 30


@dataclass(frozen=True, slots=True)
class ExperimentSpec:
    """A forecast of `target`, `lead_time` days ahead, from what is known at the end of the day of issue.

    `lags` are days before the day of issue (0 is that day itself); `windows` are lengths, in days, of the
    rolling sums and means that end on the day of issue. Samples belong to a period by the day they forecast:
    up to `train_end` is training, from `test_start` on is test, and days between the two are not used.
    """

    target: str
    inputs: tuple[str, ...]
    train_end: str
    test_start: str
    model: str = "hist_gradient_boosting"
    lags: tuple[int, ...] = (0, 1, 2, 3)
    windows: tuple[int, ...] = (3, 7, 30)
    lead_time: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 1
    use_target_history: bool = True

    def __post_init__(self) -> None:
        for name, low, high in (("lags", 0, MAX_REACH_DAYS), ("windows", 2, MAX_REACH_DAYS)):
            days = getattr(self, name)
            bad = [day for day in days if not low <= day <= high]
            if bad:
                raise _bad(
                    name, f"{bad[0]} is not a usable number of days.", f"Use whole days, {low} to {high}."
                )
            object.__setattr__(self, name, tuple(sorted(set(days))))
        if not 1 <= self.lead_time <= MAX_LEAD_TIME_DAYS:
            raise _bad(
                "lead_time", f"A lead time of {self.lead_time} days.", f"Use 1 to {MAX_LEAD_TIME_DAYS} days."
            )
        if self.model not in MODELS:
            raise _bad("model", f"There is no model {self.model!r}.", f"Use one of {', '.join(MODELS)}.")
        for name in ("train_end", "test_start"):
            _iso_date(name, getattr(self, name))

    @property
    def train_end_date(self) -> date:
        return date.fromisoformat(self.train_end)

    @property
    def test_start_date(self) -> date:
        return date.fromisoformat(self.test_start)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; `from_dict` gives the equal specification back."""
        return asdict(self) | {
            "inputs": list(self.inputs),
            "lags": list(self.lags),
            "windows": list(self.windows),
            "parameters": dict(self.parameters),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExperimentSpec:
        """Raises ExperimentGuardError (`bad_spec`) for a value out of range, a missing or an unknown key."""
        known = set(cls.__dataclass_fields__)
        unknown = sorted(set(data) - known)
        missing = sorted({"target", "inputs", "train_end", "test_start"} - set(data))
        if unknown or missing:
            raise _bad(
                None,
                f"Unknown keys {unknown}, missing keys {missing}.",
                f"The keys are {', '.join(sorted(known))}.",
            )
        tuples = {name: tuple(data[name]) for name in ("inputs", "lags", "windows") if name in data}
        return cls(**{**data, **tuples, "parameters": dict(data.get("parameters", {}))})


def _iso_date(name: str, value: str) -> None:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _bad(
            name, f"{value!r} is not a date.", "Write it as year-month-day, for example 2001-12-31."
        ) from None


def _bad(name: str | None, message: str, way_out: str) -> ExperimentGuardError:
    return ExperimentGuardError("bad_spec", message, way_out=way_out, field=name)

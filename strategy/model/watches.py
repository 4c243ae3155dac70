"""What an alert rule can watch, in what unit, and which keys of a rule go with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from strategy.kinds import Kind
from strategy.problems import WRONG_TYPE, BadValueError, Misfit
from strategy.quantities import Latency, Share


@dataclass(frozen=True)
class Quantity:
    """A threshold with what it counts in: "number", "share" or "seconds"."""

    value: float
    unit: str


@dataclass(frozen=True)
class Threshold(Kind):
    expects: str = 'a number, a share such as "5%", or a length of time such as "1s", as the rule watches'

    def read(self, raw: object) -> Quantity:
        if isinstance(raw, str):
            if "%" in raw:
                return Quantity(Share(maximum=100.0).read(raw), "share")
            return Quantity(Latency().read(raw), "seconds")
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise BadValueError(WRONG_TYPE, f"{raw!r} is not a threshold.", f"Expected: {self.expects}.")
        return Quantity(float(raw), "number")

    def from_text(self, text: str) -> object:
        try:
            return float(text)
        except ValueError:
            return text


@dataclass(frozen=True)
class Watch:
    """What a rule can watch: the unit of its threshold, its range, and the keys that it needs and may have."""

    meaning: str
    unit: str | None
    minimum: float = 0.0
    maximum: float = 1.0
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()

    def threshold_misfits(self, threshold: Quantity) -> Iterator[Misfit]:
        """Why `threshold` does not go with what is watched."""
        example = {"number": "10", "share": '"5%"', "seconds": '"1s"', None: "no threshold"}[self.unit]
        bare_share = self.unit == "share" and threshold.unit == "number"
        if self.unit is not None and threshold.unit != self.unit and not bare_share:
            message = (
                f"The threshold is given in {threshold.unit}, and {self.meaning} is counted in {self.unit}."
            )
            yield Misfit("threshold", message, f"Write it as in {example}.")
        elif self.unit is not None and not self.minimum <= threshold.value <= self.maximum:
            message = f"The threshold {threshold.value:g} is out of range for {self.meaning}."
            hint = f"From {self.minimum:g} to {self.maximum:g}; write it as in {example}."
            yield Misfit("threshold", message, hint)


_FILTERS = ("categories", "severities", "tags", "per", "release")

WATCHES = {
    "events": Watch("events in the window", "number", 1, 1_000_000, ("threshold", "window"), _FILTERS),
    "new_issue": Watch("an issue seen for the first time", None, may=_FILTERS),
    "regression": Watch("a resolved issue that is back", None, may=_FILTERS),
    "counter": Watch(
        "what the application counts", "number", 1, 1_000_000, ("threshold", "window", "counter"), ("per",)
    ),
    "gauge": Watch(
        "a figure that the application measures", "number", 0, 1e12, ("threshold", "window", "gauge")
    ),
    "ratio": Watch(
        "a share that the application measures", "share", 0, 1, ("threshold", "window", "gauge"), ("minimum",)
    ),
    "error_rate": Watch(
        "the share of requests answered with 5xx",
        "share",
        0,
        1,
        ("threshold", "window"),
        ("minimum", "release", "features"),
    ),
    "feature_failures": Watch(
        "the share of a feature's uses that fail",
        "share",
        0,
        1,
        ("threshold", "window", "features"),
        ("minimum",),
    ),
    "slow_transactions": Watch(
        "transactions slower than `slower_than`",
        "number",
        1,
        1_000_000,
        ("threshold", "window", "slower_than"),
        ("features", "per"),
    ),
    "latency_p95": Watch(
        "the 95th percentile of a route's duration",
        "seconds",
        0,
        3600,
        ("threshold", "window"),
        ("minimum", "features"),
    ),
    "latency_growth": Watch(
        "how much p95 is above its own baseline",
        "share",
        0,
        100,
        ("threshold", "window", "baseline"),
        ("minimum", "features"),
    ),
    "crash_free_sessions": Watch(
        "the share of sessions without a crash",
        "share",
        0,
        1,
        ("threshold", "window"),
        ("minimum", "release"),
    ),
    "missed_check_in": Watch(
        "check-ins of a scheduled job that did not come or came late", "number", 1, 1000, ("threshold",)
    ),
    "failed_probe": Watch(
        "probes of /livez and /readyz in a row without a good answer", "number", 1, 1000, ("threshold",)
    ),
    "burn_rate": Watch(
        "how many times faster than allowed an error budget is spent",
        "number",
        0,
        10_000,
        ("threshold", "window", "short_window", "slos"),
    ),
}
CONDITIONS = frozenset(key for watch in WATCHES.values() for key in (*watch.needs, *watch.may))
"""Keys of a rule that say something to some watches only."""

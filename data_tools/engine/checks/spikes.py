"""Single values that leap from their neighbours and back, far beyond all other leaps of the column."""

import numpy as np

from data_tools.engine.checks.series import EDGE, Floats, Ints, Place, Subject, Where, Window, figure
from data_tools.engine.result import Finding

KEPT = 512
# The leap of a spike against the reference leap. Peaks of rain and discharge are natural and heavy-tailed,
# temperatures and radiation are not.
FACTOR_HEAVY_TAILED = 12.0
FACTOR_LIGHT_TAILED = 3.0
SHOWN_SINGLY = 10


class SpikeCheck:
    """Keeps the largest leaps there and back, and judges them at the end by the column's own leaps.

    The leap of a value is the smaller of its distances to both neighbours, when it lies above both or below both.
    The reference is the leap of rank n/1000 (at least the 10th largest, at most the 500th): robust against as many spikes.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        variable = subject.variable
        self._heavy = variable is None or variable.heavy_tailed
        self._leaps: Floats = np.empty(0)
        self._rows: Ints = np.empty(0, dtype=np.int64)
        self._times: Ints = np.empty(0, dtype=np.int64)
        self._values: Floats = np.empty(0)
        self._threshold = 0.0
        self._seen = 0

    def see(self, window: Window) -> None:
        steps = window.steps
        rise, fall = steps[EDGE - 1 : -EDGE], -steps[EDGE : len(steps) - EDGE + 1]
        leaps = np.minimum(rise, fall)
        if not self._heavy:
            np.maximum(leaps, -np.maximum(rise, fall), out=leaps)
        self._seen += len(leaps)
        found = np.flatnonzero(leaps > self._threshold)
        if len(found):
            self._leaps = np.concatenate((self._leaps, leaps[found]))
            self._rows = np.concatenate((self._rows, window.first_row + found))
            self._times = np.concatenate((self._times, window.times[window.inner][found]))
            self._values = np.concatenate((self._values, window.values[window.inner][found]))
            if len(self._leaps) > 4 * KEPT:
                self._shrink()

    def _shrink(self) -> None:
        if len(self._leaps) > 4 * KEPT:
            # A cheap cut first; the sort then chooses among few.
            self._keep(np.flatnonzero(self._leaps >= np.partition(self._leaps, -KEPT)[-KEPT]))
        best = np.lexsort((self._rows, -self._leaps))[:KEPT]
        self._keep(best)
        if len(best) == KEPT:
            self._threshold = float(self._leaps[-1])

    def _keep(self, chosen: Ints) -> None:
        self._leaps, self._rows = self._leaps[chosen], self._rows[chosen]
        self._times, self._values = self._times[chosen], self._values[chosen]

    def findings(self, where: Where) -> list[Finding]:
        self._shrink()
        rank = min(max(10, self._seen // 1000), 500)
        if len(self._leaps) <= rank:
            return []
        reference = float(self._leaps[rank])
        factor = FACTOR_HEAVY_TAILED if self._heavy else FACTOR_LIGHT_TAILED
        chosen = np.flatnonzero(self._leaps > factor * reference)
        chosen = chosen[np.argsort(self._rows[chosen])]
        single = [self._one(int(at), reference, where) for at in chosen[:SHOWN_SINGLY]]
        rest = chosen[SHOWN_SINGLY:]
        if len(rest):
            single.append(self._others(rest, where))
        return single

    def _one(self, at: int, reference: float, where: Where) -> Finding:
        place = Place(int(self._rows[at]), int(self._times[at]))
        unit = self._subject.unit
        return Finding(
            kind="spike",
            severity="warning",
            column=self._subject.column.name,
            count=1,
            rows=where.lines([place]),
            start=where.iso(place.time_ms),
            end=where.iso(place.time_ms),
            message=f"{self._subject.name} leaps to {figure(float(self._values[at]))}{unit} on {where.at(place)} and back: "
            f"{figure(float(self._leaps[at]))}{unit} from both neighbours, {self._leaps[at] / reference:.0f} times "
            "a large leap of this column.",
        )

    def _others(self, chosen: Ints, where: Where) -> Finding:
        places = [Place(int(self._rows[at]), int(self._times[at])) for at in chosen]
        return Finding(
            kind="spike",
            severity="warning",
            column=self._subject.column.name,
            count=len(places),
            rows=where.lines(places),
            start=where.iso(places[0].time_ms),
            end=where.iso(places[-1].time_ms),
            message=f"{self._subject.name} has {len(places):,} more spikes, the first on {where.at(places[0])}, "
            f"the last on {where.at(places[-1])}.",
        )

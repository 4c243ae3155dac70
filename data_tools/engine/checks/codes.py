"""Numbers that stand for a missing value: -999, -9999, 9999 and their kin."""

import numpy as np

from data_tools.engine.checks.series import Floats, Ints, Mask, Subject, Tally, Where, counted
from data_tools.engine.result import Finding

LOW_CODES = (-99.0, -99.9, -99.99, -999.0, -999.9, -999.99, -9999.0, -9999.9, -9999.99, -99999.0, -6999.0, -7999.0,
             -8888.0, -32768.0, -9.0e15, -1e30)  # fmt: skip
HIGH_CODES = (
    99.9,
    999.0,
    999.9,
    999.99,
    9999.0,
    9999.9,
    9999.99,
    99999.0,
    999999.0,
    32767.0,
    1e20,
    9.96921e36,
)
# In a column of no known meaning only these are codes beyond doubt.
CERTAIN_CODES = (-999.0, -999.9, -999.99, -9999.0, -9999.9, -9999.99, -99999.0, -32768.0, 9.96921e36)
# Nothing that is measured is larger, and squares, sums and single precision hold it: beyond lies a broken export.
LARGEST = 1e30
# A high code within the plausible range counts as one when it repeats and stands this far above all else.
LONELY_FACTOR = 3.0


class CodeCheck:
    """Marks codes in raw values (units of the file), so that they become missing, and tells how many there were.

    A code is a number of the lists above that the variable cannot have, or one that the plan names.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._codes = tuple(sorted(set(self._impossible()) | subject.column.codes))
        self._low = max((code for code in self._codes if code < 0), default=-np.inf)
        self._high = min((code for code in self._codes if code > 0), default=np.inf)
        self.tallies: dict[float, Tally] = {}
        self._not_finite = Tally()
        self._too_large = Tally()
        self._suspect = -np.inf
        self._suspects = 0
        self._highest_other = -np.inf

    def _impossible(self) -> tuple[float, ...]:
        variable = self._subject.variable
        if variable is None:
            return CERTAIN_CODES
        conversion = self._subject.column.conversion
        low, high = variable.plausible
        values = ((code, code * conversion.factor + conversion.offset) for code in LOW_CODES + HIGH_CODES)
        return tuple(code for code, value in values if value < low or value > high)

    def mark(self, first_row: int, times: Ints, values: Floats, lowest: float, highest: float) -> Mask | None:
        """The rows that hold a code, an infinite or too large a number, or None. Bounds are those of `values`."""
        mask: Mask | None = None
        if lowest <= self._low or highest >= self._high:
            for code in self._codes:
                found = values == code
                if found.any():
                    self.tallies.setdefault(code, Tally()).add_rows(first_row, times, found)
                    mask = found if mask is None else mask | found
        if lowest < -LARGEST or highest > LARGEST:
            found = np.abs(values) > LARGEST
            if mask is not None:
                found &= ~mask
            self._not_finite.add_rows(first_row, times, found & np.isinf(values))
            self._too_large.add_rows(first_row, times, found & np.isfinite(values))
            mask = found if mask is None else mask | found
        return mask

    def watch(self, values: Floats, highest: float) -> None:
        """Gathers evidence for codes that the variable could have: the highest value, if it is one of the list."""
        if highest < 999:
            self._highest_other = max(self._highest_other, highest)
            return
        if highest in HIGH_CODES and highest >= self._suspect:
            if highest > self._suspect:
                self._highest_other = max(self._highest_other, self._suspect)
                self._suspect, self._suspects = highest, 0
            same = values == highest
            self._suspects += int(np.count_nonzero(same))
            highest = float(np.max(values, where=~same & ~np.isnan(values), initial=-np.inf))
        self._highest_other = max(self._highest_other, highest)

    @property
    def suspected_code(self) -> float | None:
        """A high code that the file gives away as one: it repeats, far above all other values."""
        lonely = self._suspect > LONELY_FACTOR * max(self._highest_other, 1.0)
        return self._suspect if self._suspects >= 2 and lonely else None

    def findings(self, where: Where) -> list[Finding]:
        found = [
            self._finding(f"the missing-value code {code:g}", tally, where)
            for code, tally in sorted(self.tallies.items())
        ]
        if self._not_finite.count:
            found.append(self._finding("infinite numbers", self._not_finite, where))
        if self._too_large.count:
            found.append(self._finding(f"numbers beyond ±{LARGEST:g}", self._too_large, where))
        return found

    def _finding(self, what: str, tally: Tally, where: Where) -> Finding:
        first, last = tally.places[0], tally.last
        return Finding(
            kind="missing_code",
            severity="info",
            column=self._subject.column.name,
            count=tally.count,
            rows=where.lines(tally.places),
            start=where.iso(first.time_ms),
            end=where.iso(last.time_ms),
            message=f"{self._subject.name} holds {what} in {counted(tally.count, 'row')}, first on {where.at(first)}; "
            "they were taken as missing.",
        )

"""Values that nature does not allow: negative rain or discharge, beyond records, minimum above maximum temperature."""

import numpy as np

from data_tools.engine.checks.series import Block, Mask, Subject, Tally, Where, counted, figure
from data_tools.engine.result import Finding

_NEGATIVE_KINDS = {"discharge": "negative_discharge", "specific_discharge": "negative_discharge",
                   "precipitation": "negative_precipitation"}  # fmt: skip


class BoundsCheck:
    """Counts values below zero where none can be, and values outside what was ever observed on Earth."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._negative = Tally()
        self._outside = Tally()
        self._lowest = np.inf
        self._highest = -np.inf

    def see(self, block: Block) -> None:
        variable = self._subject.variable
        if variable is None or block.missing_count == len(block.values):
            return
        low, high = variable.plausible
        self._lowest, self._highest = min(self._lowest, block.minimum), max(self._highest, block.maximum)
        if variable.never_negative and block.minimum < 0:
            self._negative.add(block, block.values < 0)
        below: Mask | bool = (
            block.values < low if not variable.never_negative and block.minimum < low else False
        )
        above: Mask | bool = block.values > high if block.maximum > high else False
        if below is not False or above is not False:
            self._outside.add(block, np.asarray(below | above))

    def findings(self, where: Where) -> list[Finding]:
        variable = self._subject.variable
        found = []
        if variable is not None and self._negative.count:
            text = (
                f"{self._subject.name} is negative in {counted(self._negative.count, 'row')}, first on "
                f"{where.at(self._negative.places[0])}; the lowest value is {figure(self._lowest)} {variable.unit}. "
                f"The values were kept."
            )
            found.append(
                self._finding(
                    _NEGATIVE_KINDS.get(variable.role, "negative_value"), self._negative, text, where
                )
            )
        if variable is not None and self._outside.count:
            low, high = variable.plausible
            text = (
                f"{self._subject.name} leaves what is plausible for {variable.label} ({figure(low)} to {figure(high)} "
                f"{variable.unit}) in {counted(self._outside.count, 'row')}, first on {where.at(self._outside.places[0])}; "
                f"the values reach from {figure(self._lowest)} to {figure(self._highest)}. "
                "Check the unit and the missing-value codes."
            )
            found.append(self._finding("implausible_value", self._outside, text, where))
        return found

    def _finding(self, kind: str, tally: Tally, message: str, where: Where) -> Finding:
        return Finding(
            kind=kind,
            severity="warning",
            column=self._subject.column.name,
            message=message,
            count=tally.count,
            rows=where.lines(tally.places),
            start=where.iso(tally.places[0].time_ms),
            end=where.iso(tally.last.time_ms),
        )


class TemperatureOrderCheck:
    """Daily minimum above daily maximum temperature: the columns or single values are swapped."""

    def __init__(self, low: Subject, high: Subject) -> None:
        self._low, self._high = low, high
        self._tally = Tally()

    def see(self, low: Block, high: Block) -> None:
        inverted = low.values > high.values
        if inverted.any():
            self._tally.add(low, inverted)

    def findings(self, where: Where) -> list[Finding]:
        if not self._tally.count:
            return []
        first = self._tally.places[0]
        return [
            Finding(
                kind="temperature_inverted",
                severity="warning",
                column=self._low.column.name,
                count=self._tally.count,
                rows=where.lines(self._tally.places),
                start=where.iso(first.time_ms),
                end=where.iso(self._tally.last.time_ms),
                message=f"The minimum temperature '{self._low.name}' is above the maximum '{self._high.name}' in "
                f"{counted(self._tally.count, 'row')}, first on {where.at(first)}. The two may be swapped there.",
            )
        ]

"""Runs of one and the same value, as a stuck sensor or a filled gap leaves them."""

import math

import numpy as np

from data_tools.engine.checks.series import Block, Floats, Longest, Place, Subject, Where, figure
from data_tools.engine.result import Finding


class ConstantRunCheck:
    """Finds runs of at least `constant_days` of the variable (and six rows). Zero is left out where it is natural."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        variable = subject.variable
        days = variable.constant_days if variable else 60
        self._shortest = (
            max(6, math.ceil(days * subject.steps_per_day)) if subject.steps_per_day > 1 else max(6, days)
        )
        self._skip_zero = variable is None or variable.zero_is_common
        self._runs = Longest(keep=10)
        self._values: dict[int, float] = {}
        self._value = math.nan
        self._start: Place | None = None
        self._last: Place | None = None
        self._lowest, self._highest = math.inf, -math.inf

    def see(self, block: Block) -> None:
        values = block.values
        self._lowest, self._highest = min(self._lowest, block.minimum), max(self._highest, block.maximum)
        changed = int(np.argmax(values != self._value)) if values[0] == self._value else 0
        whole = values[0] == self._value and values[changed] == self._value
        if not whole:
            self._close(block.place(changed - 1) if changed else self._last)
            self._see_inside(block, changed)
        self._last = block.place(len(values) - 1)

    def _see_inside(self, block: Block, begin: int) -> None:
        """Runs that begin in this block; the last one stays open."""
        values = block.values
        last = values[-1]
        differs = values[begin:] != last
        tail = begin + (len(differs) - int(np.argmax(differs[::-1])) if differs.any() else 0)
        if self._may_hold_run(values[begin:tail]):
            starts = np.concatenate(
                ([0], np.flatnonzero(values[begin + 1 : tail] != values[begin : tail - 1]) + 1)
            )
            lengths = np.diff(np.concatenate((starts, [tail - begin])))
            for at in np.flatnonzero(lengths >= self._shortest).tolist():
                start = begin + int(starts[at])
                self._keep(
                    float(values[start]), block.place(start), block.place(start + int(lengths[at]) - 1)
                )
        self._value = float(last)
        self._start = block.place(tail if not math.isnan(last) else len(values) - 1)

    def _may_hold_run(self, values: Floats) -> bool:
        """A run of n rows holds two neighbours of any comb of every n/2-th row: a cheap look before the full one."""
        comb = values[:: max(1, self._shortest // 2)]
        equal = comb[1:] == comb[:-1]
        if self._skip_zero:
            equal &= comb[1:] != 0
        return bool(equal.any())

    def _close(self, end: Place | None) -> None:
        if self._start is not None and end is not None and end.row - self._start.row + 1 >= self._shortest:
            self._keep(self._value, self._start, end)

    def _keep(self, value: float, start: Place, end: Place) -> None:
        if math.isnan(value) or (self._skip_zero and value == 0):
            return
        self._runs.add(end.row - start.row + 1, start, end)
        self._values[start.row] = value

    def findings(self, where: Where) -> list[Finding]:
        self._close(self._last)
        self._start = None
        if self._lowest == self._highest:
            return [self._whole(where)]
        runs = self._runs.in_order()
        found = [self._finding(size, start, end, where) for size, start, end in runs]
        if self._runs.count > len(runs):
            found.append(
                Finding(
                    kind="constant_run",
                    severity="info",
                    column=self._subject.column.name,
                    count=self._runs.count,
                    message=f"{self._subject.name} stays constant in {self._runs.count:,} stretches; "
                    f"the {len(runs)} longest are listed.",
                )
            )
        return found

    def _whole(self, where: Where) -> Finding:
        return Finding(
            kind="constant_column",
            severity="info",
            column=self._subject.column.name,
            message=f"{self._subject.name} has the same value {figure(self._lowest)}{self._subject.unit} in every row "
            "that has one; a model can learn nothing from it.",
        )

    def _finding(self, size: int, start: Place, end: Place, where: Where) -> Finding:
        value = figure(self._values[start.row])
        return Finding(
            kind="constant_run",
            severity="warning",
            column=self._subject.column.name,
            count=size,
            rows=where.lines([Place(row, 0) for row in range(start.row, min(end.row + 1, start.row + 50))]),
            start=where.iso(start.time_ms),
            end=where.iso(end.time_ms),
            message=f"{self._subject.name} stays at exactly {value}{self._subject.unit} for {size:,} rows, from "
            f"{where.at(start)} to {where.at(end)}; a sensor may be stuck or a gap filled.",
        )

"""Stretches of missing values, though the dates go on."""

import numpy as np

from data_tools.engine.checks.series import Block, Longest, Place, Subject, Where, counted
from data_tools.engine.result import Finding


class MissingCheck:
    """Finds the longest stretches without a value and counts them all."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._runs = Longest(keep=10)
        self._open: Place | None = None
        self._last = Place(0, 0)
        self._missing = 0
        self._rows = 0

    def see(self, block: Block) -> None:
        self._missing += block.missing_count
        self._rows += len(block.values)
        if block.missing_count or self._open is not None:
            self._see_runs(block)
        self._last = block.place(len(block.values) - 1)

    def _see_runs(self, block: Block) -> None:
        edges = np.flatnonzero(np.diff(block.missing.astype(np.int8))) + 1
        if block.missing[0] != (self._open is not None):
            edges = np.concatenate(([0], edges))
        for at in edges.tolist():
            if self._open is None:
                self._open = block.place(at)
            else:
                self._close(self._open, block.place(at - 1) if at else self._last)

    def _close(self, start: Place, end: Place) -> None:
        self._runs.add(end.row - start.row + 1, start, end)
        self._open = None

    def findings(self, where: Where) -> list[Finding]:
        if self._open is not None:
            self._close(self._open, self._last)
        if not self._missing:
            return []
        name = self._subject.name
        if self._missing == self._rows:
            return [
                Finding(
                    kind="all_missing",
                    severity="error",
                    column=self._subject.column.name,
                    count=self._missing,
                    message=f"Column '{name}' has no value in any of the {self._rows:,} rows.",
                )
            ]
        long = [run for run in self._runs.in_order() if run[0] >= 3]
        findings = [self._stretch(size, start, end, where) for size, start, end in long]
        listed = sum(size for size, _, _ in long)
        if self._missing > listed:
            findings.append(self._summary(where))
        return findings

    def _stretch(self, size: int, start: Place, end: Place, where: Where) -> Finding:
        lines = [Place(row, 0) for row in range(start.row, min(end.row + 1, start.row + 50))]
        return Finding(
            kind="missing_values",
            severity="warning",
            column=self._subject.column.name,
            count=size,
            rows=where.lines(lines),
            start=where.iso(start.time_ms),
            end=where.iso(end.time_ms),
            message=f"{self._subject.name} is missing for {self._subject.in_days(size)} from {where.at(start)} "
            f"to {where.at(end)}: {size:,} rows without a value.",
        )

    def _summary(self, where: Where) -> Finding:
        stretches = self._runs.in_order()
        share = 100 * self._missing / self._rows
        longest = where.at(max(stretches, key=lambda run: run[0])[1])
        spread = (
            f"in {self._runs.count:,} stretches; the longest begins {longest}"
            if self._runs.count > 1
            else longest
        )
        return Finding(
            kind="missing_values",
            severity="info",
            column=self._subject.column.name,
            count=self._missing,
            rows=where.lines([start for _, start, _ in stretches]),
            message=f"{self._subject.name} has {counted(self._missing, 'missing value')} in all ({share:.2g} % of the rows) "
            f"{spread}.",
        )

"""Gaps between dates, rows out of order, dates that repeat."""

import numpy as np

from data_tools.engine.checks.series import Ints, Longest, Place, Tally, Where, counted, span
from data_tools.engine.plan import TimeStep
from data_tools.engine.result import Finding


class DateCheck:
    """Looks at the distances of neighbouring time stamps."""

    def __init__(self, step: TimeStep) -> None:
        self._step = step
        self._last: Place | None = None
        self.first: Place | None = None
        self.backwards = Tally()
        self.repeated = Tally()
        self._gaps = Longest()
        self._steps_missing = 0
        self._regular = 0
        self._distances = 0

    @property
    def last(self) -> Place | None:
        return self._last

    @property
    def in_order(self) -> bool:
        return self.backwards.count == 0 and self.repeated.count == 0

    @property
    def is_regular(self) -> bool:
        """Whether most distances over the whole file are the step that the sample showed."""
        return self._distances > 0 and self._regular * 2 >= self._distances

    def see(self, first_row: int, times: Ints) -> None:
        if self._last is None:
            self.first = Place(first_row, int(times[0]))
            distances = times[1:] - times[:-1]
        else:
            distances = np.empty_like(times)
            distances[0] = times[0] - self._last.time_ms
            distances[1:] = times[1:] - times[:-1]
        offset = len(times) - len(distances)
        self._see_distances(first_row, times, distances, offset)
        self._last = Place(first_row + len(times) - 1, int(times[-1]))

    def _see_distances(self, first_row: int, times: Ints, distances: Ints, offset: int) -> None:
        self._distances += len(distances)
        if not len(distances):
            return
        longest_ms = (self._step.longest_s or 0) * 1000
        if self._step.seconds is not None and bool((distances == longest_ms).all()):
            self._regular += len(distances)
            return
        shortest_ms = longest_ms if self._step.seconds is not None else longest_ms * 0.9
        self._regular += int(np.count_nonzero((distances >= shortest_ms) & (distances <= longest_ms)))
        self.backwards.add_rows(first_row + offset, times[offset:], distances < 0)
        self.repeated.add_rows(first_row + offset, times[offset:], distances == 0)
        if longest_ms:
            for at in np.flatnonzero(distances > longest_ms).tolist():
                distance = int(distances[at])
                after = Place(first_row + offset + at, int(times[offset + at]))
                before = Place(after.row - 1, after.time_ms - distance)
                self._steps_missing += max(1, round(distance / longest_ms) - 1)
                self._gaps.add(distance - longest_ms, before, after)

    def gap_findings(self, where: Where) -> list[Finding]:
        if not self.is_regular or self._step.longest_s is None:
            return []
        step_ms = self._step.longest_s * 1000
        findings = []
        for size, before, after in self._gaps.in_order():
            start, end = before.time_ms + step_ms, max(before.time_ms + step_ms, after.time_ms - step_ms)
            message = (
                f"No rows for {span(size // 1000)} from {where.iso(start)} to {where.iso(end)}: "
                f"{where.word} {where.line(before.row):,} is followed by {where.at(after)}."
            )
            findings.append(
                Finding(
                    kind="gap",
                    severity="warning",
                    message=message,
                    rows=where.lines([before, after]),
                    count=max(1, round(size / step_ms)),
                    start=where.iso(start),
                    end=where.iso(end),
                )
            )
        if self._gaps.count > len(findings):
            findings.append(
                Finding(
                    kind="gap",
                    severity="warning",
                    count=self._gaps.count,
                    message=f"The dates have {self._gaps.count:,} gaps with {self._steps_missing:,} missing rows in all; "
                    f"the {len(findings)} longest are listed.",
                )
            )
        return findings


def order_findings(check: DateCheck, repeated: Tally, where_in_file: Where) -> list[Finding]:
    """What the order of the rows was in the file. `repeated` counts rows dropped because their date came earlier."""
    findings = []
    if check.backwards.count:
        first = check.backwards.places[0]
        findings.append(
            Finding(
                kind="unsorted",
                severity="warning",
                count=check.backwards.count,
                rows=where_in_file.lines(check.backwards.places),
                start=where_in_file.iso(first.time_ms),
                end=where_in_file.iso(first.time_ms),
                message=f"The rows are not in the order of time: {counted(check.backwards.count, 'row')} "
                f"{'is' if check.backwards.count == 1 else 'are'} earlier than the row above, first "
                f"{where_in_file.at(first)}. They were put in order.",
            )
        )
    if repeated.count:
        first = repeated.places[0]
        last = repeated.last
        findings.append(
            Finding(
                kind="duplicate_dates",
                severity="warning",
                count=repeated.count,
                rows=where_in_file.lines(repeated.places),
                start=where_in_file.iso(min(first.time_ms, last.time_ms)),
                end=where_in_file.iso(max(first.time_ms, last.time_ms)),
                message=f"{counted(repeated.count, 'row')} with a date that an earlier row has, first "
                f"{where_in_file.at(first)}. "
                "The first row of each date was kept, the others were left out.",
            )
        )
    return findings

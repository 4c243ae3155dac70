"""Which line of the file a row stands in, where blank and comment lines are skipped; kept as a few jumps, not per row."""

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from data_tools.errors import UnreadableFileError


class LineNumbers:
    """Row index (from 0) to line of the file (from 1)."""

    def __init__(self, first_line: int, most_jumps: int) -> None:
        self._rows = [0]
        self._lines = [first_line]
        self._most_jumps = most_jumps
        self.count = 0

    def extend(self, lines: NDArray[np.int64] | range) -> None:
        """Appends rows that stand in these lines."""
        if len(lines) == 0:
            return
        jumps = [] if isinstance(lines, range) else (np.flatnonzero(np.diff(lines) != 1) + 1).tolist()
        for start in (0, *jumps):
            row, line = self.count + start, int(lines[start])
            if line - row != self._lines[-1] - self._rows[-1]:
                self._rows.append(row)
                self._lines.append(line)
        self.count += len(lines)
        if len(self._rows) > self._most_jumps:
            raise UnreadableFileError(
                "too_many_blank_lines",
                f"More than {self._most_jumps:,} blank or comment lines stand between the rows, "
                f"the last before line {self._lines[-1]:,}.",
                way_out="Remove the blank lines and upload the file again.",
                row=self._lines[-1],
            )

    def line(self, row: int) -> int:
        at = bisect_right(self._rows, row) - 1
        return self._lines[at] + row - self._rows[at]


class SortedLines:
    """The same after the rows were put in order: `order[i]` is the row of the file that became row i."""

    def __init__(self, lines: LineNumbers, order: NDArray[np.int64]) -> None:
        self._lines = lines
        self._order = order

    def line(self, row: int) -> int:
        return self._lines.line(int(self._order[row]))

"""Sums over the last so many seconds, exact to the second at both edges, kept up as things come and go.

At second `now` a window of `window_s` seconds holds the seconds now - window_s + 1 to now. Adding costs the same
whatever the length of the window, and each second leaves once; only seconds in which something happened take room.
Order does not matter: what comes late is put into its own second, or nowhere when that has left already.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

from monitor.metrics.sketch import Sketch, bucket_of

Durations = tuple[tuple[float, int], ...]


class Window:
    """The part that all have in common: a cell for each second of which something is held."""

    __slots__ = ("_cells", "_order", "last", "window_s")

    def __init__(self, window_s: int) -> None:
        self.window_s = window_s
        self.last = 0
        self._cells: dict[int, Any] = {}
        self._order: list[int] = []

    @property
    def next_change(self) -> int | None:
        """The second at which the oldest is no longer in the window."""
        return self._order[0] + self.window_s if self._order else None

    @property
    def first(self) -> int | None:
        """The earliest second in it."""
        return self._order[0] if self._order else None

    def state(self) -> list[Any]:
        """What is in it, for `restore`: plain JSON."""
        return [(second, *cell) for second, cell in sorted(self._cells.items())]

    def restore(self, state: list[Any]) -> None:
        raise NotImplementedError


class Sums(Window):
    """How many in all, and how many of them bad."""

    __slots__ = ("bad", "total")
    _cells: dict[int, tuple[float, float]]

    def __init__(self, window_s: int) -> None:
        super().__init__(window_s)
        self.total = 0.0
        self.bad = 0.0

    def add(self, second: int, total: float, bad: float = 0.0) -> None:
        cell = self._cells.get(second)
        if cell is None:
            heappush(self._order, second)
            self._cells[second] = (total, bad)
            if second > self.last:
                self.last = second
        else:
            self._cells[second] = (cell[0] + total, cell[1] + bad)
        self.total += total
        self.bad += bad

    def leave(self, now: int) -> None:
        """Let go of what is out of the window at `now`."""
        edge = now - self.window_s
        order = self._order
        while order and order[0] <= edge:
            total, bad = self._cells.pop(heappop(order))
            self.total -= total
            self.bad -= bad
        if not order:
            self.total = self.bad = 0.0

    @property
    def first_bad(self) -> int | None:
        """The earliest second in it with a bad one."""
        return next((second for second in sorted(self._order) if self._cells[second][1]), None)

    def restore(self, state: list[Any]) -> None:
        for second, total, bad in state:
            self.add(int(second), total, bad)


class Extremes(Window):
    """The highest and the lowest figure."""

    __slots__ = ()
    _cells: dict[int, tuple[float, float]]

    def add(self, second: int, figure: float) -> None:
        cell = self._cells.get(second)
        if cell is None:
            heappush(self._order, second)
            self._cells[second] = (figure, figure)
            self.last = max(self.last, second)
        else:
            self._cells[second] = (min(cell[0], figure), max(cell[1], figure))

    def leave(self, now: int) -> None:
        while self._order and self._order[0] <= now - self.window_s:
            del self._cells[heappop(self._order)]

    @property
    def low(self) -> float | None:
        return min((cell[0] for cell in self._cells.values()), default=None)

    @property
    def high(self) -> float | None:
        return max((cell[1] for cell in self._cells.values()), default=None)

    def restore(self, state: list[Any]) -> None:
        for second, low, high in state:
            self.add(int(second), low)
            self.add(int(second), high)


class Spread(Window):
    """How long things took: quantiles, right within 1 % of themselves (monitor.metrics.sketch).

    What leaves goes on into `older`, where there is one: the time before the window. `step_s`: seconds are kept
    together by so many, so that a week of them is small; what begins in the window's first step then leaves with it.
    """

    __slots__ = ("_sketch", "_step_s", "count", "older")
    _cells: dict[int, dict[int, int]]
    """By second: how many in each bucket of the sketch."""

    def __init__(self, window_s: int, older: Spread | None = None, *, step_s: int = 1) -> None:
        super().__init__(window_s)
        self.older = older
        self.count = 0
        self._step_s = step_s
        self._sketch = Sketch()

    def add(self, second: int, durations: Durations) -> None:
        counts: dict[int, int] = {}
        for seconds, times in durations:
            bucket = bucket_of(seconds)
            counts[bucket] = counts.get(bucket, 0) + times
        self._put(second, counts)

    def _put(self, second: int, counts: dict[int, int]) -> None:
        self.last = max(self.last, second)
        step = second - second % self._step_s
        cell = self._cells.get(step)
        if cell is None:
            heappush(self._order, step)
            cell = self._cells[step] = {}
        buckets = self._sketch.buckets
        for bucket, times in counts.items():
            cell[bucket] = cell.get(bucket, 0) + times
            buckets[bucket] = buckets.get(bucket, 0) + times
            self.count += times

    def leave(self, now: int) -> None:
        edge = now - self.window_s
        buckets = self._sketch.buckets
        while self._order and self._order[0] <= edge:
            second = heappop(self._order)
            cell = self._cells.pop(second)
            for bucket, times in cell.items():
                self.count -= times
                left = buckets[bucket] - times
                if left:
                    buckets[bucket] = left
                else:
                    del buckets[bucket]
            if self.older is not None:
                self.older._put(second, cell)
        if self.older is not None:
            self.older.leave(edge)

    def quantile(self, share: float) -> float | None:
        return self._sketch.quantile(share)

    @property
    def next_change(self) -> int | None:
        """Of this window or of the one before it."""
        own = super().next_change
        before = self.older.next_change if self.older is not None else None
        changes = [own] if own is not None else []
        if before is not None:
            changes.append(before + self.window_s)
        return min(changes, default=None)

    def state(self) -> list[Any]:
        return [(second, sorted(cell.items())) for second, cell in sorted(self._cells.items())]

    def restore(self, state: list[Any]) -> None:
        for second, counts in state:
            self._put(second, dict(counts))

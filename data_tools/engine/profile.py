"""Figures of a column from its blocks: count, minimum, maximum, mean, standard deviation, quantiles, a sparkline."""

import math

import numpy as np
from numpy.typing import NDArray

from data_tools.engine.checks.series import Block
from data_tools.engine.plan import PlannedColumn
from data_tools.engine.result import ColumnProfile

# Up to this many rows (2,870 years of days) quantiles are exact; beyond, they are those of every 2nd, 4th, ... row.
QUANTILE_ROWS = 1 << 20
# Of all columns together, 128 MB: a table of hundreds of columns has shorter samples.
QUANTILE_VALUES = 1 << 24
SPARK_BUCKETS = 60
_FINE_BUCKETS = 240


class Moments:
    """Count, minimum, maximum, mean and variance, merged block by block (Chan, Golub, LeVeque 1983, doi:10.2307/2683386)."""

    def __init__(self) -> None:
        self.count = 0
        self.minimum = math.inf
        self.maximum = -math.inf
        self.mean = 0.0
        self._squares = 0.0

    def add(self, values: NDArray[np.float64], minimum: float, maximum: float) -> None:
        """`values` without missing ones."""
        count = len(values)
        if not count:
            return
        mean = float(values.mean())
        rest = values - mean
        np.square(rest, out=rest)
        total = self.count + count
        shift = mean - self.mean
        self._squares += float(rest.sum()) + shift * shift * self.count * count / total
        self.mean += shift * count / total
        self.count = total
        self.minimum, self.maximum = min(self.minimum, minimum), max(self.maximum, maximum)

    @property
    def std(self) -> float | None:
        """Of the sample (divided by n - 1)."""
        return math.sqrt(self._squares / (self.count - 1)) if self.count > 1 else None


class RowSample:
    """Every k-th row, k doubling whenever more than `most` are held: depends on row numbers only."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.stride = 1
        self._parts: list[NDArray[np.float64]] = []
        self._held = 0

    def add(self, first_row: int, values: NDArray[np.float64]) -> None:
        part = values[-first_row % self.stride :: self.stride]
        self._parts.append(part.copy() if self.stride > 1 else part)
        self._held += len(part)
        while self._held > self._most:
            kept = np.concatenate(self._parts)[::2].copy()
            self.stride *= 2
            self._parts, self._held = [kept], len(kept)

    def quantiles(self) -> tuple[float | None, float | None, float | None]:
        known = np.concatenate(self._parts) if self._parts else np.empty(0)
        known = known[~np.isnan(known)]
        if not len(known):
            return None, None, None
        low, middle, high = np.quantile(known, (0.25, 0.5, 0.75)).tolist()
        return low, middle, high


class Sparkline:
    """Bucket means over the rows; the width of a bucket doubles as the series grows, so that the memory is constant."""

    def __init__(self) -> None:
        self._width = 1
        self._sums = np.zeros(_FINE_BUCKETS)
        self._counts = np.zeros(_FINE_BUCKETS, dtype=np.int64)
        self._rows = 0

    def add(
        self, first_row: int, values: NDArray[np.float64], missing: NDArray[np.bool_], missing_count: int
    ) -> None:
        end = first_row + len(values)
        while end > self._width * _FINE_BUCKETS:
            self._sums = np.concatenate((self._sums[::2] + self._sums[1::2], np.zeros(_FINE_BUCKETS // 2)))
            halved = self._counts[::2] + self._counts[1::2]
            self._counts = np.concatenate((halved, np.zeros(_FINE_BUCKETS // 2, dtype=np.int64)))
            self._width *= 2
        known = np.where(missing, 0.0, values) if missing_count else values
        first, last = first_row // self._width, (end - 1) // self._width
        starts = np.maximum(np.arange(first, last + 1) * self._width - first_row, 0)
        self._sums[first : last + 1] += np.add.reduceat(known, starts)
        filled = np.diff(np.append(starts, len(values)))
        if missing_count:
            filled = filled - np.add.reduceat(missing.astype(np.int64), starts)
        self._counts[first : last + 1] += filled
        self._rows = end

    def points(self) -> tuple[float | None, ...]:
        used = -(-self._rows // self._width)
        groups = np.array_split(np.arange(used), min(SPARK_BUCKETS, used)) if used else []
        means = []
        for group in groups:
            count = int(self._counts[group].sum())
            means.append(round_figure(float(self._sums[group].sum()) / count) if count else None)
        return tuple(means)


def round_figure(value: float) -> float:
    """Six significant digits: a sparkline shows no more, and sums in another order agree."""
    return float(f"{value:.6g}")


class NumberProfile:
    """Everything that a profile says of a column of numbers."""

    def __init__(self, column: PlannedColumn, columns: int) -> None:
        self._column = column
        self._moments = Moments()
        self._sample = RowSample(min(QUANTILE_ROWS, QUANTILE_VALUES // max(columns, 1)))
        self._sparkline = Sparkline()
        self._missing = 0

    @property
    def count(self) -> int:
        return self._moments.count

    def see(self, block: Block) -> None:
        known = block.values[~block.missing] if block.missing_count else block.values
        self._moments.add(known, block.minimum, block.maximum)
        self._missing += block.missing_count
        self._sample.add(block.first_row, block.values)
        self._sparkline.add(block.first_row, block.values, block.missing, block.missing_count)

    def result(self) -> ColumnProfile:
        moments, column = self._moments, self._column
        q25, median, q75 = self._sample.quantiles()
        variable = column.variable
        some = moments.count > 0
        return ColumnProfile(
            name=column.name,
            original_name=column.original_name,
            role=column.recognised.role,
            kind="number",
            unit=variable.unit if variable else column.recognised.unit_text,
            original_unit=column.recognised.unit_text,
            converted=column.conversion.changes,
            count=moments.count,
            missing=self._missing,
            minimum=moments.minimum if some else None,
            maximum=moments.maximum if some else None,
            mean=moments.mean if some else None,
            std=moments.std,
            q25=q25,
            median=median,
            q75=q75,
            sparkline=self._sparkline.points(),
        )

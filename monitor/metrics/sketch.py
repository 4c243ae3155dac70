"""Quantiles of what nobody keeps one by one: DDSketch (Masson, Rim, Lee 2019), https://arxiv.org/abs/1908.10693.

A value is counted in the bucket of its logarithm, and buckets are so narrow that a quantile is wrong by 1 % of itself
at most. Two sketches are merged by adding their buckets, which loses nothing. What is not above ZERO counts as zero.

The package `ddsketch` does the same; its form on disk needs protobuf, and is several times as slow to merge.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence

ACCURACY = 0.01
ZERO = 1e-9
_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_PER_LOG = 1 / math.log(_GAMMA)
_NOTHING = -32768
_LARGEST = 32767
_COUNT_MAX = 2**32 - 1
_BUCKET_BYTES = 6


class Sketch:
    """Counts by bucket; mutable. `to_bytes` and `from_bytes` are how it is stored: 6 bytes for each bucket in use."""

    __slots__ = ("buckets",)

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.buckets: dict[int, int] = {}
        for value in values:
            self.add(value)

    def add(self, value: float, times: int = 1) -> None:
        bucket = bucket_of(value)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + times

    def merge(self, other: Sketch) -> None:
        """Take over what the other has counted."""
        self._add(other.buckets.keys(), other.buckets.values())

    def merge_bytes(self, data: bytes) -> None:
        """The same with a stored one. Bytes that are none of ours count nothing."""
        number = len(data) // _BUCKET_BYTES
        buckets, counts = array("h"), array("I")
        buckets.frombytes(data[: 2 * number])
        counts.frombytes(data[2 * number : _BUCKET_BYTES * number])
        self._add(buckets, counts)

    def to_bytes(self) -> bytes:
        """In the order of the buckets; the machine's byte order, as the file stays on its machine."""
        ordered = sorted(self.buckets)
        counts = (min(self.buckets[bucket], _COUNT_MAX) for bucket in ordered)
        return array("h", ordered).tobytes() + array("I", counts).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes | None) -> Sketch:
        made = cls()
        if data:
            made.merge_bytes(data)
        return made

    @property
    def count(self) -> int:
        return sum(self.buckets.values())

    def quantile(self, share: float) -> float | None:
        """The value that `share` (0 to 1) of all do not exceed, right within ACCURACY; None when nothing was counted."""
        return self.quantiles([share])[0]

    def quantiles(self, shares: Sequence[float]) -> list[float | None]:
        """Several at once."""
        total = self.count
        if not total:
            return [None] * len(shares)
        ordered = sorted(self.buckets)
        found: list[float | None] = []
        for share in shares:
            rank, seen = max(math.ceil(share * total - 1e-9), 1), 0
            for bucket in ordered:
                seen += self.buckets[bucket]
                if seen >= rank:
                    break
            found.append(_value_of(bucket))
        return found

    def count_up_to(self, value: float) -> int:
        """How many did not exceed `value`, within its ACCURACY."""
        limit = bucket_of(value)
        return sum(count for bucket, count in self.buckets.items() if bucket <= limit)

    def _add(self, buckets: Iterable[int], counts: Iterable[int]) -> None:
        mine = self.buckets
        known = mine.get
        for bucket, count in zip(buckets, counts, strict=True):
            mine[bucket] = known(bucket, 0) + count


def merged(stored: Iterable[bytes | None]) -> Sketch:
    """Of stored ones."""
    made = Sketch()
    for data in stored:
        if data:
            made.merge_bytes(data)
    return made


def bucket_of(value: float) -> int:
    """The number of the bucket that a value is counted in."""
    if value <= ZERO:
        return _NOTHING
    return min(math.ceil(math.log(value) * _PER_LOG), _LARGEST)


def _value_of(bucket: int) -> float:
    """The middle of a bucket, from which no value in it is further than ACCURACY."""
    return 0.0 if bucket == _NOTHING else math.exp(bucket / _PER_LOG) * (1 - ACCURACY)

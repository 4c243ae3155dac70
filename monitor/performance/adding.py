"""Adds transactions to their buckets: five minutes, hour and day at once, so that nothing has to be rolled up later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.digest.sql import database
from monitor.metrics.sketch import Sketch
from monitor.performance.apdex import apdex_t_ms
from monitor.performance.arriving import Arrived
from monitor.performance.layers import LAYERS
from monitor.performance.models import STEPS

_LAYER_COLUMNS = tuple(f"{layer}_ms" for layer in LAYERS)
_SUMS = ("count", "failed", "quick", "bearable", "total_ms", *_LAYER_COLUMNS)
_ADD = (
    f"INSERT INTO performance_transactionbucket (group_id, step, minute, release_id, {', '.join(_SUMS)})"  # noqa: S608
    f" VALUES ({', '.join('?' * (4 + len(_SUMS)))}) ON CONFLICT (group_id, step, minute, release_id) DO UPDATE SET"
    f" {', '.join(f'{name} = {name} + excluded.{name}' for name in _SUMS)} RETURNING id"
)
_SKETCH = "SELECT durations FROM performance_transactionsketch WHERE bucket_id = ?"
_PUT_SKETCH = (
    "INSERT INTO performance_transactionsketch (bucket_id, durations) VALUES (?, ?)"
    " ON CONFLICT (bucket_id) DO UPDATE SET durations = excluded.durations"
)


@dataclass(slots=True)
class Sums:
    """Of one group in one stretch of time, under one release."""

    count: int = 0
    failed: int = 0
    quick: int = 0
    bearable: int = 0
    total_ms: float = 0.0
    layers: dict[str, float] = field(default_factory=dict)
    sketch: Sketch = field(default_factory=Sketch)

    def add(self, arrived: Arrived, t_ms: float) -> None:
        found = arrived.measured
        self.count += 1
        self.failed += found.failed
        self.quick += found.duration_ms <= t_ms
        self.bearable += t_ms < found.duration_ms <= 4 * t_ms
        self.total_ms += found.duration_ms
        for layer, seconds in found.layers.items():
            self.layers[layer] = self.layers.get(layer, 0.0) + seconds * 1000
        self.sketch.add(found.duration_ms)


def add(arrivals: Sequence[Arrived], steps: Sequence[int] = STEPS) -> None:
    """In the transaction of the batch; each arrival has its group and release. `steps`: the buckets, in minutes."""
    t_ms = apdex_t_ms()
    sums: dict[tuple[int, int, int, int], Sums] = {}
    for one in arrivals:
        minute = int(one.measured.start // 60)
        for step in steps:
            place = (one.group_id, step, minute // step * step, one.release_id)
            sums.setdefault(place, Sums()).add(one, t_ms)
    for place, added in sorted(sums.items(), key=lambda pair: pair[0]):
        layers = [added.layers.get(layer, 0.0) for layer in LAYERS]
        row = (
            *place,
            added.count,
            added.failed,
            added.quick,
            added.bearable,
            added.total_ms,
            *layers,
        )
        bucket = database().execute(_ADD, row).fetchone()[0]
        before = database().execute(_SKETCH, (bucket,)).fetchone()
        if before is not None:
            added.sketch.merge_bytes(before[0])
        database().execute(_PUT_SKETCH, (bucket, added.sketch.to_bytes()))

"""Metrics from the spool into their minutes, hours and days, each payload once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import ClassVar

from monitor.digest.collecting import Origin
from monitor.digest.sql import database, rows_in
from monitor.metrics.models import Kind
from monitor.metrics.observers import Increment, tell
from monitor.metrics.reading import Figure, figures_of
from monitor.metrics.series import SeriesName, ids_of, name_of
from monitor.metrics.sketch import Sketch
from monitor.metrics.tiers import TIERS, Tier
from monitor.protocol import Item
from monitor.protocol.json_payload import load_object
from monitor.stats.outcomes import DIGESTED, DUPLICATE, NOT_KEPT, Outcomes, count_outcomes

_SEE = "INSERT INTO metrics_seensums (key, at) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
_ADD = (
    "INSERT INTO {table} (series_id, {step}, count, total, low, high, last, last_at, sketch)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series_id, {step}) DO UPDATE SET"
    " count = count + excluded.count, total = total + excluded.total,"
    " low = min(low, excluded.low), high = max(high, excluded.high),"
    " last = CASE WHEN excluded.last_at >= last_at THEN excluded.last ELSE last END,"
    " last_at = max(last_at, excluded.last_at), sketch = excluded.sketch"
)
_CATEGORY = "trace_metric"


@dataclass(slots=True)
class Sums:
    """Of one series in one stretch of time."""

    count: int = 0
    total: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")
    last: float = 0.0
    last_at: float = float("-inf")
    received: float = 0.0
    sketch: Sketch | None = None

    def add(self, figure: Figure) -> None:
        self.count += 1
        self.total += figure.value
        self.low = min(self.low, figure.value)
        self.high = max(self.high, figure.value)
        if figure.time >= self.last_at:
            self.last, self.last_at = figure.value, figure.time
        if figure.kind == Kind.DISTRIBUTION:
            self.sketch = self.sketch or Sketch()
            self.sketch.add(figure.value)


@dataclass(slots=True)
class Payload:
    """One item, read."""

    project_id: int
    received: float
    figures: list[Figure] = field(default_factory=list)
    unreadable: int = 0


class MetricCollector:
    """Of one batch: items by the hash of their bytes, so that one that comes twice counts once."""

    item_types: ClassVar[frozenset[str]] = frozenset({"trace_metric"})
    own_outcomes: ClassVar[bool] = True

    def __init__(self) -> None:
        self._payloads: dict[bytes, Payload] = {}
        self._outcomes: Outcomes = Counter()

    def take(self, item: Item, origin: Origin) -> None:
        """Raises ValueError for what is no list of metrics."""
        key = blake2b(item.payload, digest_size=16, salt=origin.project_id.to_bytes(8, "big")).digest()
        taken = Payload(origin.project_id, origin.received)
        for figure in figures_of(load_object(item.payload), origin.received):
            if figure is None:
                taken.unreadable += 1
            else:
                taken.figures.append(figure)
        if key in self._payloads:
            self._count(taken, DUPLICATE)
        else:
            self._payloads[key] = taken

    def store(self) -> None:
        """See Collector."""
        sums: dict[tuple[SeriesName, int], Sums] = {}
        for payload in self._fresh():
            for figure in payload.figures:
                place = (name_of(payload.project_id, figure), int(figure.time // 60))
                one = sums.setdefault(place, Sums())
                one.add(figure)
                one.received = max(one.received, payload.received)
        if sums:
            store_sums(sums)
            tell([_increment(name, minute, one) for (name, minute), one in sums.items()])
        count_outcomes(self._outcomes)

    def stored(self) -> None:
        """Observers were told in the transaction."""

    def _fresh(self) -> Iterable[Payload]:
        statement = "SELECT key FROM metrics_seensums WHERE key IN ({})"
        known = {row[0] for row in rows_in(statement, list(self._payloads))}
        fresh = {key: one for key, one in self._payloads.items() if key not in known}
        for key in known:
            self._count(self._payloads[key], DUPLICATE)
        for payload in fresh.values():
            self._count(payload, DIGESTED)
        database().executemany(_SEE, [(key, one.received) for key, one in fresh.items()])
        return fresh.values()

    def _count(self, payload: Payload, outcome: str) -> None:
        minute = int(payload.received // 60)
        self._outcomes[payload.project_id, minute, outcome, _CATEGORY, ""] += len(payload.figures)
        self._outcomes[payload.project_id, minute, NOT_KEPT, _CATEGORY, "unreadable"] += payload.unreadable


def store_sums(sums: dict[tuple[SeriesName, int], Sums], tiers: Sequence[Tier] = TIERS) -> None:
    """Add what was summed up by series and minute to the tables of `tiers`; in the caller's transaction."""
    ids = ids_of(dict.fromkeys(name for name, _ in sums))
    for tier in tiers:
        _store(tier.table, tier.column, _by_step(sums, ids, tier.seconds // 60))


def _by_step(
    sums: dict[tuple[SeriesName, int], Sums], ids: dict[SeriesName, int], minutes: int
) -> dict[tuple[int, int], Sums]:
    """Added up by series and stretches of so many minutes; several names may share a series."""
    found: dict[tuple[int, int], Sums] = {}
    for (name, minute), one in sums.items():
        into = found.setdefault((ids[name], minute // minutes), Sums())
        into.count += one.count
        into.total += one.total
        into.low, into.high = min(into.low, one.low), max(into.high, one.high)
        if one.last_at >= into.last_at:
            into.last, into.last_at = one.last, one.last_at
        if one.sketch is not None:
            into.sketch = into.sketch or Sketch()
            into.sketch.merge(one.sketch)
    return found


def _store(table: str, step: str, sums: dict[tuple[int, int], Sums]) -> None:
    # Names of our own tables.
    statement = f"SELECT sketch FROM {table} WHERE series_id = ? AND {step} = ?"  # noqa: S608
    rows = []
    for place, one in sorted(sums.items(), key=lambda pair: pair[0]):
        sketch = None
        if one.sketch is not None:
            before = database().execute(statement, place).fetchone()
            if before is not None and before[0]:
                one.sketch.merge_bytes(before[0])
            sketch = one.sketch.to_bytes()
        rows.append((*place, one.count, one.total, one.low, one.high, one.last, one.last_at, sketch))
    database().executemany(_ADD.format(table=table, step=step), rows)


def _increment(name: SeriesName, minute: int, one: Sums) -> Increment:
    project_id, metric, kind, _, environment, release, labels = name
    return Increment(
        project_id,
        metric,
        kind,
        environment,
        release,
        labels,
        minute,
        one.total,
        one.count,
        one.low,
        one.high,
        one.last,
        one.received,
    )

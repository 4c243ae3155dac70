"""What came, kept for the rules: one row for each batch and kind, written in the transaction that stores the batch.

So it is exactly what was stored, whatever is killed when; the engine reads it afterwards (live.py) and may forget all
that it made of it. What no window needs any more is kept for a while to be rehearsed, as long as there is room.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from monitor.alerts.engine_measured import matters_s
from monitor.alerts.entries import EVENT, Entry, decode, encode
from monitor.alerts.measurements import KINDS, Measurement
from monitor.alerts.models import EngineSnapshot, EngineState
from monitor.digest.sql import database
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

FOR_REHEARSAL_S = 48 * 3600
"""What happened yesterday can be rehearsed."""
MAX_BYTES = 256 * 1024 * 1024
"""Of what is kept for that only."""
_ENTRIES_MAX = 2000
_RUN_S = 0.5
_INSERT = "INSERT INTO alerts_journalrow (kind, first_received, last_received, size, entries) VALUES (?, ?, ?, ?, ?)"
_COLUMNS = "SELECT id, first_received, last_received, entries FROM alerts_journalrow"
_FORGET = (
    "DELETE FROM alerts_journalrow WHERE id IN"
    " (SELECT id FROM alerts_journalrow WHERE kind = ? AND last_received < ? AND id <= ? LIMIT ?)"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a batch. Times are of receipt, in seconds since 1970."""

    id: int
    first_received: float
    last_received: float
    packed: bytes

    @property
    def entries(self) -> list[Entry]:
        return [decode(raw) for raw in orjson.loads(zlib.decompress(self.packed))]


def write(entries: Iterable[Entry]) -> None:
    """In the caller's transaction."""
    by_kind: dict[str, list[Entry]] = {}
    for entry in entries:
        by_kind.setdefault(entry.kind if isinstance(entry, Measurement) else EVENT, []).append(entry)
    for kind, some in by_kind.items():
        for start in range(0, len(some), _ENTRIES_MAX):
            database().execute(_INSERT, _row(kind, some[start : start + _ENTRIES_MAX]))


def after(position: int, limit: int) -> list[Row]:
    """The next rows, in the order of their commits."""
    statement = f"{_COLUMNS} WHERE id > ? ORDER BY id LIMIT ?"
    return [Row(*row) for row in database().execute(statement, (position, limit))]


def between(kind: str, since: float, until: float) -> Iterator[Row]:
    """Rows with something that was received in this time."""
    statement = f"{_COLUMNS} WHERE kind = ? AND last_received >= ? AND first_received <= ? ORDER BY id"
    for row in database().execute(statement, (kind, since, until)):
        yield Row(*row)


def up_to(position: int, kind: str, since: float, *, after_row: int = 0) -> Iterator[Row]:
    """Rows until `position` with something that was received after `since`, or that come after a certain row."""
    statement = f"{_COLUMNS} WHERE kind = ? AND id <= ? AND (last_received > ? OR (id > ? AND ?)) ORDER BY id"
    values = (kind, position, since, after_row, after_row > 0)
    for row in database().execute(statement, values):
        yield Row(*row)


def recorded(since: float, until: float) -> Iterator[Entry]:
    """All that was received in this time, in the order of receipt: a stream to rehearse."""
    found = [
        entry
        for kind in (EVENT, *KINDS)
        for row in between(kind, since, until)
        for entry in row.entries
        if since <= entry.received <= until
    ]
    found.sort(key=lambda entry: entry.received)
    yield from found


def forget_old(now: float) -> None:
    """The clock's job. Nothing goes that the engine has not read, or that its snapshot does not have."""
    state = EngineState.objects.first()
    if state is None:
        return
    snapshot = EngineSnapshot.objects.values_list("position", flat=True).first()
    read = state.position if snapshot is None else min(state.position, snapshot)
    strategy = current_strategy()
    room = _bytes() <= MAX_BYTES
    pace = Pace(_RUN_S)
    for kind in (EVENT, *KINDS):
        needed_s = matters_s(strategy, kind)
        kept_s = max(needed_s, FOR_REHEARSAL_S) if room else needed_s
        pace.delete(_FORGET, kind, min(now, state.clock) - kept_s, read)


def _bytes() -> int:
    found = database().execute("SELECT coalesce(sum(size), 0) FROM alerts_journalrow").fetchone()
    return int(found[0])


def _row(kind: str, entries: Sequence[Entry]) -> tuple[str, float, float, int, bytes]:
    received = [entry.received for entry in entries]
    # The quickest: batches are full of what repeats itself.
    packed = zlib.compress(orjson.dumps([encode(entry) for entry in entries]), 1)
    return kind, min(received), max(received), len(packed), packed

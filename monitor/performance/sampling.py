"""Which transactions are kept whole: of each group and day the slowest, some by lot, and the examples of findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.digest.payloads import payload_store
from monitor.digest.sql import as_json, database
from monitor.performance.arriving import Arrived, kept_of

SLOWEST = 5
BY_LOT = 5
_OF_DAY = "SELECT id, duration_ms, lot, is_example FROM performance_transactionsample WHERE group_id = ? AND day = ?"
_INSERT = (
    "INSERT INTO performance_transactionsample (group_id, uid, trace, day, at, duration_ms, failed, spans, release_id,"
    " lot, is_example, block_id, slot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (group_id, uid) DO NOTHING"
)
_DELETE = "DELETE FROM performance_transactionsample WHERE id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One that is kept already (`row`), or has just come."""

    duration_ms: float
    lot: int
    is_example: bool
    row: int = 0
    arrived: Arrived | None = None


def keep_samples(arrivals: Sequence[Arrived]) -> None:
    """Choose anew among those of the day that are kept and those that have come; write the payloads of the new ones.

    The payload of one that a slower one replaces stays in its file, which nobody can find any more, until the file goes.
    """
    by_day: dict[tuple[int, int], list[Arrived]] = {}
    for one in arrivals:
        by_day.setdefault((one.group_id, one.day), []).append(one)
    new: list[Arrived] = []
    gone: list[int] = []
    for place, some in by_day.items():
        rows = database().execute(_OF_DAY, place).fetchall()
        candidates = [Candidate(duration, lot, bool(example), row) for row, duration, lot, example in rows]
        candidates += [
            Candidate(one.measured.duration_ms, one.lot, one.is_example, arrived=one) for one in some
        ]
        kept = chosen(candidates)
        new += [one.arrived for one in candidates if one in kept and one.arrived is not None]
        gone += [one.row for one in candidates if one not in kept and one.row]
    if gone:
        database().execute(_DELETE, (as_json(gone),))
    for project_id in sorted({one.project_id for one in new}):
        _write([one for one in new if one.project_id == project_id], project_id)


def chosen(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The slowest, those with the least lots, and the examples. It does not matter in which order they have come."""
    some = list(candidates)
    slowest = sorted(some, key=lambda one: (-one.duration_ms, one.lot))[:SLOWEST]
    by_lot = sorted(some, key=lambda one: one.lot)[:BY_LOT]
    kept = {id(one) for one in (*slowest, *by_lot)}
    return [one for one in some if id(one) in kept or one.is_example]


def _write(samples: list[Arrived], project_id: int) -> None:
    received = max(one.received for one in samples)
    places = payload_store().append(
        [kept_of(one) for one in samples], received=received, project_id=project_id
    )
    database().executemany(
        _INSERT,
        [
            (
                one.group_id,
                one.uid,
                one.measured.trace,
                one.day,
                one.measured.start,
                one.measured.duration_ms,
                one.measured.failed,
                one.measured.spans,
                one.release_id,
                one.lot,
                one.is_example,
                place.block,
                place.slot,
            )
            for one, place in zip(samples, places, strict=True)
        ],
    )

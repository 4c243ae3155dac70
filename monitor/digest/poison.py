"""What cannot be digested goes to the shelf beside the spool, each record once, with its reason and no more of it than
what is at fault: a retry brings back that alone, and doubles nothing of what was stored."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from monitor.digest.attempt import Rejected
from monitor.ingest.spool import Record, SpoolReader
from monitor.protocol import ProtocolError, parse_envelope
from monitor.protocol.encodings import decode_whole
from monitor.protocol.limits import DEFAULT_LIMITS
from monitor.stats.outcomes import POISON, Outcomes, count_outcomes

logger = logging.getLogger(__name__)
_REMEMBERED = 10_000


class Poison:
    """Of one reader; remembers what it has put aside, for the case that the transaction fails after that."""

    def __init__(self, reader: SpoolReader) -> None:
        self._reader = reader
        self._kept: set[tuple[str, tuple[int, ...]]] = set()

    def keep(self, rejected: Sequence[Rejected]) -> None:
        """Set aside and count, in the transaction that passes over them. Raises OSError."""
        by_record: dict[str, list[Rejected]] = {}
        for one in rejected:
            by_record.setdefault(one.record.id, []).append(one)
        for found in by_record.values():
            self._set_aside(found)
        count_outcomes(_outcomes(rejected))
        if rejected:
            first = rejected[0]
            logger.warning("%d records or items set aside; the first: %s", len(rejected), first.reason)

    def _set_aside(self, rejected: list[Rejected]) -> None:
        record = rejected[0].record
        items = tuple(sorted(one.item for one in rejected if one.item is not None))
        if any(one.item is None for one in rejected):
            items = ()
        if (record.id, items) in self._kept:
            return
        self._reader.set_aside(_only(record, items), "; ".join(one.reason for one in rejected))
        if len(self._kept) >= _REMEMBERED:
            self._kept.clear()
        self._kept.add((record.id, items))


def _only(record: Record, items: tuple[int, ...]) -> Record:
    """The record with the others of its items skipped; whole, if it is its envelope that is at fault."""
    if not items:
        return record
    meta = record.meta
    try:
        body = decode_whole(record.body, meta.encodings, DEFAULT_LIMITS.envelope)
        count = len(parse_envelope(body, DEFAULT_LIMITS).items)
    except ProtocolError:
        return record
    there = [number for number in range(count) if number not in meta.skipped]
    wanted = {there[number] for number in items}
    skipped = tuple(number for number in range(count) if number not in wanted)
    return replace(record, meta=replace(meta, skipped=skipped))


def _outcomes(rejected: Sequence[Rejected]) -> Outcomes:
    found: Outcomes = Counter()
    for one in rejected:
        meta = one.record.meta
        for category, quantity in one.quantities.items():
            found[meta.project_id, int(meta.received_at // 60), POISON, category, one.word] += quantity
    return found

"""The reading side, for the digest: whole segments are claimed, and are gone when all of their records are done.

    reader = SpoolReader(spool, position_of=positions.get)      # of your own table; see below
    while batch := reader.claim(max_records=500, max_bytes=16 * MIB):
        with transaction.atomic():
            ... store batch.records; keep batch.positions ...
        gone = reader.done(batch)                               # their positions may be forgotten

Delivery is at least once: killed between commit and `done`, the same records come again. Events are told by event id.
What has no id (sessions, counts) is exactly once for whoever keeps `batch.positions` (segment → offset) in the
transaction that stores the records, and gives them back by `position_of`.

Several readers may work at once: each segment is one reader's, by its lock, which dies with the process.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from monitor.ingest.spool.aside import AsideShelf
from monitor.ingest.spool.record import Record, find_next, read_record
from monitor.ingest.spool.segment import list_segments, segments_directory, sweep_abandoned, try_lock

_DAMAGED_KEPT_MAX = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no sound record. At the end of a segment they are what a kill cut short, and nobody was told
    that it had been accepted; in the middle they are the disk's fault, and kept aside under `kept_as`."""

    segment: str
    offset: int
    size: int
    kept_as: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """In the order received, within a segment."""

    records: list[Record]
    positions: dict[str, int]
    """For each segment, how far it is read when this batch is done."""
    damages: list[Damage] = field(default_factory=list)


@dataclass(slots=True)
class _Claimed:
    name: str
    file: BinaryIO
    position: int
    done: int
    at_end: bool = False


class SpoolReader:
    """Not thread-safe; one batch at a time."""

    def __init__(self, spool: Path, *, position_of: Callable[[str], int | None] | None = None) -> None:
        self.spool = spool
        self.aside = AsideShelf(spool)
        self._position_of = position_of or (lambda _: 0)
        self._claimed: dict[str, _Claimed] = {}
        self._outstanding: Batch | None = None
        sweep_abandoned(spool)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def claim(self, *, max_records: int = 500, max_bytes: int = 16 * 1024 * 1024) -> Batch | None:
        """The oldest records, at least one even if it is larger; None when there are none.

        Raises OSError, and what `position_of` raises; then close the reader, or what was read is not given again.
        """
        if self._outstanding is not None:
            raise RuntimeError("The last batch is neither done nor released; claim gives one at a time.")
        batch = Batch([], {})
        room = max_bytes
        for name in list_segments(self.spool):
            if (claimed := self._claimed.get(name) or self._open(name)) is None:
                continue
            room = self._fill(batch, claimed, max_records, room)
            batch.positions[name] = claimed.position
            if len(batch.records) >= max_records or room <= 0:
                break
        if not batch.positions:
            return None
        self._outstanding = batch
        if not batch.records and not batch.damages:
            # Segments without anything, or all done before a kill: clear them away.
            self.done(batch)
            return None
        return batch

    def done(self, batch: Batch) -> list[str]:
        """The batch is stored; gives the names of the segments that are gone. Raises OSError."""
        self._settle(batch)
        gone = []
        for name, position in batch.positions.items():
            claimed = self._claimed[name]
            claimed.done = position
            if claimed.at_end:
                (segments_directory(self.spool) / name).unlink(missing_ok=True)
                self._forget(name)
                gone.append(name)
        return gone

    def release(self, batch: Batch) -> None:
        """The batch could not be stored for now, the database being away: the next claim gives it again."""
        self._settle(batch)
        for name in batch.positions:
            claimed = self._claimed[name]
            claimed.position, claimed.at_end = claimed.done, False
            claimed.file.seek(claimed.done)

    def set_aside(self, record: Record, reason: str) -> str:
        """Keep a record that cannot be digested, with its reason; then count it as done. Raises OSError."""
        return self.aside.put(record, reason)

    def close(self) -> None:
        """Give back what is claimed and not done."""
        for name in list(self._claimed):
            self._forget(name)
        self._outstanding = None

    def _open(self, name: str) -> _Claimed | None:
        """None while it is another's: being written, or claimed by another reader."""
        try:
            descriptor = os.open(segments_directory(self.spool) / name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        # Without a link, the reader that had it finished it between our two calls.
        if not try_lock(descriptor) or os.fstat(descriptor).st_nlink == 0:
            os.close(descriptor)
            return None
        try:
            position = self._position_of(name) or 0
        except BaseException:
            # Whoever keeps the positions is away: the lock must not stay behind with nobody to give it up.
            os.close(descriptor)
            raise
        file = os.fdopen(descriptor, "rb")
        file.seek(position)
        self._claimed[name] = claimed = _Claimed(name, file, position, position)
        return claimed

    def _fill(self, batch: Batch, claimed: _Claimed, max_records: int, room: int) -> int:
        """Read on; gives the room that is left, in bytes."""
        while len(batch.records) < max_records and room > 0 and not claimed.at_end:
            record = read_record(claimed.file, claimed.name, claimed.position)
            if record is None:
                self._skip_damage(batch, claimed)
                continue
            claimed.position = claimed.file.tell()
            room -= len(record.body)
            batch.records.append(record)
        return room

    def _skip_damage(self, batch: Batch, claimed: _Claimed) -> None:
        start = claimed.position
        size = os.fstat(claimed.file.fileno()).st_size
        if start >= size:
            claimed.at_end = True
            return
        following = find_next(claimed.file, start + 1, claimed.name)
        end = size if following is None else following
        kept_as = None
        if following is not None:
            claimed.file.seek(start)
            data = claimed.file.read(min(end - start, _DAMAGED_KEPT_MAX))
            kept_as = self.aside.put_damaged(
                data, f"{end - start} damaged bytes at {start} of {claimed.name}"
            )
        batch.damages.append(Damage(claimed.name, start, end - start, kept_as))
        claimed.position = end
        claimed.file.seek(end)
        claimed.at_end = following is None

    def _settle(self, batch: Batch) -> None:
        if batch is not self._outstanding:
            raise RuntimeError("This batch is not the one that was claimed last.")
        self._outstanding = None

    def _forget(self, name: str) -> None:
        # Closing gives up the lock.
        self._claimed.pop(name).file.close()

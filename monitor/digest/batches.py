"""A batch of the spool, stored: in parts that fit into memory, and past whatever cannot be digested.

Each part is one transaction, with the positions that it leads to. A part that fails is halved, with fresh collectors,
until one record stands alone; of that, item by item, what can be stored is, and the rest is set aside with its reason.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence

from django.db import connection, transaction

from monitor.digest import figures, positions
from monitor.digest.attempt import Attempt, Rejected, rejected_item, rejected_record
from monitor.digest.collecting import Collector
from monitor.digest.failures import Fault, fault_of
from monitor.digest.payloads import payload_store
from monitor.digest.poison import Poison
from monitor.digest.received_times import ReceivedTimes
from monitor.ingest.spool import Batch, Record, SpoolReader
from monitor.projects.models import Project

logger = logging.getLogger(__name__)
LAST_RECEIVED = "last_received_at"
PART_BYTES = 2 * 1024 * 1024
"""Of unpacked payloads in one transaction: what the collectors may hold in memory."""


class BatchDigester:
    """Stores the batches of one reader."""

    def __init__(
        self, reader: SpoolReader, collectors: Sequence[Callable[[], Collector]], *, durable: bool = False
    ) -> None:
        self._reader = reader
        self._collectors = collectors
        self._durable = durable
        self._poison = Poison(reader)
        self._projects: frozenset[int] = frozenset()
        self._times = ReceivedTimes(0.0)
        self._ends: dict[str, int] = {}
        self._gone: list[str] = []

    def digest(self, batch: Batch) -> None:
        """Store it, and tell the reader that it is done.

        Raises what is not the fault of a record (failures.py). Then some parts may be committed: close the reader, and
        what it claims next begins where the positions in the database say.
        """
        self._projects = frozenset(Project.objects.values_list("pk", flat=True))
        self._times = ReceivedTimes(figures.read().get(LAST_RECEIVED, 0.0))
        self._ends = _ends(batch)
        attempt, part = self._attempt(), []
        for record in batch.records:
            part.append(record)
            if not self._takes(attempt, record):
                self._halve(part)
                attempt, part = self._attempt(), []
            elif attempt.bytes >= PART_BYTES:
                self._commit(part, attempt)
                attempt, part = self._attempt(), []
        self._commit(part, attempt, batch)
        self._gone = self._reader.done(batch)

    def _attempt(self) -> Attempt:
        return Attempt(self._collectors, self._projects, self._times)

    def _takes(self, attempt: Attempt, record: Record) -> bool:
        # The boundary: whatever a room does not foresee is the record's fault, and must not stop the others.
        try:
            attempt.take(record)
        except Exception as error:
            _raise_unless_record(error)
            return False
        return True

    def _commit(self, part: list[Record], attempt: Attempt, batch: Batch | None = None) -> None:
        """`batch`: this is its last part, and what it says of the spool is kept too."""
        try:
            self._transact(part, [attempt], attempt.rejected, batch)
        except Exception as error:
            _raise_unless_record(error)
            if not part:
                raise
            self._halve(part)
            self._transact([], [], [], batch)

    def _halve(self, part: list[Record]) -> None:
        if len(part) == 1:
            self._store_alone(part[0])
            return
        middle = len(part) // 2
        for half in (part[:middle], part[middle:]):
            attempt = self._attempt()
            if all(self._takes(attempt, record) for record in half):
                self._commit(half, attempt)
            else:
                self._halve(half)

    def _store_alone(self, record: Record) -> None:
        """Item by item: the good ones of an envelope are stored."""
        rejected: list[Rejected] = []
        attempts: list[Attempt] = []
        try:
            with transaction.atomic():
                for number in range(_items(record)):
                    self._store_item(record, number, attempts, rejected)
                self._finish([record], rejected)
        except Exception as error:
            _raise_unless_record(error)
            self._transact([record], [], [rejected_record(record, error)])
            return
        _tell(attempts)

    def _store_item(
        self, record: Record, number: int, attempts: list[Attempt], rejected: list[Rejected]
    ) -> None:
        attempt = self._attempt()
        try:
            with transaction.atomic(), connection.wrap_database_errors:
                attempt.take(record, only={number})
                attempt.store()
        except Exception as error:
            _raise_unless_record(error)
            rejected.append(rejected_item(record, number, error))
        else:
            attempts.append(attempt)
            rejected += attempt.rejected

    def _transact(
        self,
        part: list[Record],
        attempts: list[Attempt],
        rejected: list[Rejected],
        batch: Batch | None = None,
    ) -> None:
        try:
            with transaction.atomic(), connection.wrap_database_errors:
                for attempt in attempts:
                    attempt.store()
                self._finish(part, rejected, batch)
        except BaseException:
            payload_store().close()
            raise
        self._gone = []
        _tell(attempts)

    def _finish(self, part: list[Record], rejected: list[Rejected], batch: Batch | None = None) -> None:
        """What goes into every transaction beside the rooms' own rows."""
        self._poison.keep(rejected)
        reached = {record.segment: self._ends[record.id] for record in part}
        positions.keep(reached if batch is None else {**reached, **batch.positions})
        positions.forget(self._gone)
        damaged = sum(one.size for one in batch.damages) if batch else 0
        figures.add({"digested_records": len(part), "poison": len(rejected), "damaged_bytes": damaged})
        figures.put({"last_batch_at": time.time(), LAST_RECEIVED: self._times.last})
        if self._durable:
            payload_store().sync()


def _ends(batch: Batch) -> dict[str, int]:
    """For each record by its id, how far its segment is read when it is stored."""
    following = dict(batch.positions)
    ends = {}
    for record in reversed(batch.records):
        ends[record.id] = following[record.segment]
        following[record.segment] = record.offset
    return ends


def _items(record: Record) -> int:
    return 1 if record.meta.kind == "counts" else len(record.envelope().items)


def _raise_unless_record(error: Exception) -> None:
    if fault_of(error) is not Fault.RECORD:
        raise error


def _tell(attempts: Iterable[Attempt]) -> None:
    for attempt in attempts:
        # The boundary: it is committed, so whoever fails now must not have it stored again.
        try:
            attempt.stored()
        except Exception:
            logger.exception("A room failed after its batch was stored.")

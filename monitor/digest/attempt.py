"""One try at storing some records: their items to the collectors, and what those could not read to one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from monitor.digest.collecting import Collector, Origin
from monitor.digest.received_times import ReceivedTimes
from monitor.ingest.spool import Record
from monitor.protocol import Item, ProtocolError
from monitor.stats.outcomes import DIGESTED, Outcomes, count_outcomes, word

REST = "*"
_MAKES_EVENT = frozenset({"event", "transaction", "feedback", "security", "raw_security", "nel"})


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item, or with None a whole record, that cannot be read."""

    record: Record
    item: int | None
    reason: str
    word: str
    """The reason as outcomes count it."""
    quantities: dict[str, int]


class Attempt:
    """With collectors of its own. Take records, then store once, in a transaction."""

    def __init__(
        self, collectors: Sequence[Callable[[], Collector]], projects: Collection[int], times: ReceivedTimes
    ) -> None:
        self._collectors = [make() for make in collectors]
        self._by_type: dict[str, list[Collector]] = {}
        for collector in self._collectors:
            for name in collector.item_types:
                self._by_type.setdefault(name, []).append(collector)
        self._counted = {
            name
            for name, takers in self._by_type.items()
            if any(getattr(collector, "own_outcomes", False) for collector in takers)
        }
        """Types whose collectors count them by themselves."""
        self._projects = projects
        self._times = times
        self._outcomes: Outcomes = Counter()
        self.rejected: list[Rejected] = []
        self.bytes = 0
        """Of the payloads taken: about what the collectors hold in memory."""

    def take(self, record: Record, only: Collection[int] | None = None) -> None:
        """`only` these items of it. Raises what a collector did not foresee."""
        try:
            if record.meta.kind == "counts":
                self._count(record)
            elif record.meta.project_id not in self._projects:
                self.rejected.append(rejected_record(record, ProjectGoneError(record.meta.project_id)))
            else:
                self._take_items(record, only)
        except ProtocolError as error:
            self.rejected.append(rejected_record(record, error))

    def store(self) -> None:
        """In a transaction. Raises what the database raises."""
        for collector in self._collectors:
            collector.store()
        count_outcomes(self._outcomes)

    def stored(self) -> None:
        """After the commit."""
        for collector in self._collectors:
            collector.stored()

    def _count(self, record: Record) -> None:
        minute = int(self._times.believable(record.meta.received_at) // 60)
        for one in record.counts():
            reason = word(one.reason, 60) if one.reason else ""
            self._outcomes[one.project_id, minute, one.outcome, one.category, reason] += one.quantity

    def _take_items(self, record: Record, only: Collection[int] | None) -> None:
        envelope = record.envelope()
        origin = Origin(
            project_id=record.meta.project_id,
            received=self._times.believable(record.meta.received_at),
            record=record.id,
            has_event=any(item.type in _MAKES_EVENT for item in envelope.items),
            event_id=record.meta.event_id,
            key=record.meta.key,
            client=record.meta.client,
            remote_addr=record.meta.remote_addr,
            user_agent=record.meta.user_agent,
            envelope_headers=envelope.headers,
        )
        for number, item in enumerate(envelope.items):
            if only is None or number in only:
                self._take_item(item, record, replace(origin, item=number) if number else origin)

    def _take_item(self, item: Item, record: Record, origin: Origin) -> None:
        name = item.type if item.type in self._by_type else REST
        takers = self._by_type.get(name, [])
        self.bytes += len(item.payload)
        for number, collector in enumerate(takers):
            try:
                collector.take(item, origin)
            except (ProtocolError, ValueError) as error:
                if number:
                    # Another room has it already: only afresh can it be left out of both.
                    raise UnreadableItemError(str(error)) from error
                self.rejected.append(_rejected(record, origin.item, error, item.quantities))
                return
        if name not in self._counted:
            for category, quantity in item.quantities.items():
                self._outcomes[origin.project_id, int(origin.received // 60), DIGESTED, category, ""] += (
                    quantity
                )


class ProjectGoneError(Exception):
    """Accepted for a project that was deleted before it could be digested."""

    def __init__(self, project_id: int) -> None:
        super().__init__(f"There is no project {project_id} any more.")


class UnreadableItemError(Exception):
    """One of several rooms that want an item cannot read it."""


def rejected_record(record: Record, error: Exception) -> Rejected:
    """A record as a whole."""
    return _rejected(record, None, error, {"internal" if record.meta.kind == "counts" else "default": 1})


def rejected_item(record: Record, number: int, error: Exception) -> Rejected:
    """One item of a record, for what nobody has foreseen."""
    if record.meta.kind == "counts":
        return rejected_record(record, error)
    return _rejected(record, number, error, record.envelope().items[number].quantities)


def _rejected(record: Record, item: int | None, error: Exception, quantities: dict[str, int]) -> Rejected:
    if isinstance(error, ProtocolError):
        return Rejected(record, item, error.detail, str(error.reason), quantities)
    name = type(error).__name__
    return Rejected(record, item, f"{name}: {error}", word(name, 60), quantities)

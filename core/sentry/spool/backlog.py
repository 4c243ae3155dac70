"""What waits to be sent, as this process knows it: its own envelopes and those of dead processes it adopted."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from core.sentry.spool.entry import Entry, Priority

Key = tuple[Path | None, int]


class Backlog:
    """Thread-safe. Memory grows by a few hundred bytes per waiting envelope; their content stays on disk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._adopted: dict[Priority, dict[Key, Entry]] = {priority: {} for priority in Priority}
        self._own: dict[Priority, dict[Key, Entry]] = {priority: {} for priority in Priority}
        self.disk_bytes = 0
        self.memory_bytes = 0

    def __len__(self) -> int:
        return sum(map(len, self._adopted.values())) + sum(map(len, self._own.values()))

    def put(self, entry: Entry, *, adopted: bool = False) -> None:
        with self._lock:
            queue = (self._adopted if adopted else self._own)[entry.priority]
            queue[entry.directory, entry.sequence] = entry
            self._account(entry, +1)

    def remove(self, entry: Entry) -> bool:
        """False when it was removed before, by a thread that evicted it."""
        with self._lock:
            for queues in (self._own, self._adopted):
                if queues[entry.priority].pop((entry.directory, entry.sequence), None) is not None:
                    self._account(entry, -1)
                    return True
            return False

    def waiting(self, sendable: Callable[[Entry], bool], limit: int) -> list[Entry]:
        """The next ones to send: by priority, within it the dead processes' first, in the order captured."""
        found: list[Entry] = []
        with self._lock:
            for entry in self._in_order():
                if sendable(entry):
                    found.append(entry)
                    if len(found) == limit:
                        break
        return found

    def entries(self) -> list[Entry]:
        with self._lock:
            return list(self._in_order())

    def claim(self, entry: Entry) -> bool:
        """Mark it as on the wire, so that it is not evicted; False when it was evicted before."""
        with self._lock:
            entry.in_flight = any(
                (entry.directory, entry.sequence) in queues[entry.priority]
                for queues in (self._own, self._adopted)
            )
            return entry.in_flight

    def has_own(self, sendable: Callable[[Entry], bool]) -> bool:
        with self._lock:
            return any(sendable(entry) for queue in self._own.values() for entry in queue.values())

    def evict(self, surplus_bytes: int, *, from_memory: bool) -> list[Entry]:
        """Take out the least important, then the oldest, until `surplus_bytes` are gone; never what is on the wire."""
        evicted: list[Entry] = []
        with self._lock:
            for entry in self._least_important():
                if surplus_bytes <= 0:
                    break
                evictable = not entry.in_flight and not entry.is_report
                if evictable and (entry.data is not None) is from_memory:
                    surplus_bytes -= entry.size
                    evicted.append(entry)
        return [entry for entry in evicted if self.remove(entry)]

    def _least_important(self) -> Iterator[Entry]:
        for priority in reversed(Priority):
            yield from self._adopted[priority].values()
            yield from self._own[priority].values()

    def _in_order(self) -> Iterator[Entry]:
        for priority in Priority:
            yield from self._adopted[priority].values()
            yield from self._own[priority].values()

    def _account(self, entry: Entry, sign: int) -> None:
        if entry.data is None:
            self.disk_bytes += sign * entry.size
        else:
            self.memory_bytes += sign * entry.size

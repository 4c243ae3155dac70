"""What waits to be sent, as this process knows it: its own envelopes and those of dead processes it adopted."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from core.sentry.spool.entry import Entry, Priority

Key = int | tuple[Path | None, int]
"""Sequence for this process's own, which keep their place in the order when they are moved to disk."""


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
            if adopted:
                self._adopted[entry.priority][entry.directory, entry.sequence] = entry
            else:
                self._own[entry.priority][entry.sequence] = entry
            self._account(entry, +1)

    def replace(self, entry: Entry, moved: Entry) -> None:
        """One of this process's own is on disk now: `moved` takes its place in the order."""
        with self._lock:
            self._own[entry.priority][entry.sequence] = moved
            self._account(entry, -1)
            self._account(moved, +1)

    def remove(self, entry: Entry) -> bool:
        """False when it was removed before, by a thread that evicted it."""
        with self._lock:
            if (found := self._find(entry)) is None:
                return False
            queue, key = found
            del queue[key]
            self._account(entry, -1)
            return True

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
        """Mark it as in hand (on the wire, or on its way to disk), so that nobody else sends, moves or evicts it.

        False when it was evicted before, or is in another thread's hand.
        """
        with self._lock:
            if entry.in_flight:
                return False
            entry.in_flight = self._find(entry) is not None
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

    def _find(self, entry: Entry) -> tuple[dict[Key, Entry], Key] | None:
        own = self._own[entry.priority]
        # An entry read from a directory listing is another object, and an adopted one may have the same sequence.
        if (kept := own.get(entry.sequence)) is not None and kept.directory == entry.directory:
            return own, entry.sequence
        key = (entry.directory, entry.sequence)
        adopted = self._adopted[entry.priority]
        return (adopted, key) if key in adopted else None

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

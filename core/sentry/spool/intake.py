"""Where callers leave transactions and other samples: no request must wait for a disk for the sake of a sample.

Nothing is serialised or written here. The envelope can wait as it is because nobody else holds its content: the SDK's
serialiser and our scrubber build a new event, and the SDK keeps no reference to it.
"""

import threading
from collections import deque
from collections.abc import Callable

from sentry_sdk.envelope import Envelope

from core.sentry.spool.entry import Entry


class Intake:
    """A bounded queue in the order handed over. Thread-safe; in a forked child a new one is made."""

    def __init__(self, *, max_envelopes: int, max_items: int) -> None:
        self._max_envelopes = max_envelopes
        self._max_items = max_items
        self._queue: deque[tuple[Entry, Envelope]] = deque()
        self._items = 0
        self._counting = threading.Lock()
        self._draining = threading.Lock()

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def is_filling(self) -> bool:
        return 2 * len(self._queue) > self._max_envelopes or 2 * self._items > self._max_items

    def offer(self, entry: Entry, envelope: Envelope) -> bool:
        """False when it is full. Into an empty one goes any envelope, however many items it has."""
        items = _items(entry)
        with self._counting:
            full = len(self._queue) >= self._max_envelopes or self._items + items > self._max_items
            if full and self._queue:
                return False
            self._queue.append((entry, envelope))
            self._items += items
            return True

    def drain(self, take_up: Callable[[Entry, Envelope], None]) -> None:
        """Hand each to `take_up`, by one thread at a time. Until that is done with it, it counts as waiting here."""
        with self._draining:
            while self._queue:
                entry, envelope = self._queue[0]
                try:
                    take_up(entry, envelope)
                finally:
                    with self._counting:
                        self._queue.popleft()
                        self._items -= _items(entry)


def _items(entry: Entry) -> int:
    # Attachments are counted in bytes.
    return sum(quantity for category, quantity in entry.quantities.items() if category != "attachment")

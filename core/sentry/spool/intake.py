"""Where callers leave transactions and other samples: no request must wait for a disk for the sake of a sample.

Nothing is serialised or written here. The envelope can wait as it is because nobody else holds its content: the SDK's
serialiser and our scrubber build a new event, and the SDK keeps no reference to it.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from sentry_sdk.envelope import Envelope


class Handed(NamedTuple):
    sequence: int
    captured_ms: int
    envelope: Envelope


class Intake:
    """A bounded queue in the order handed over. Thread-safe; in a forked child a new one is made."""

    def __init__(self, *, max_envelopes: int, max_items: int) -> None:
        self._max_envelopes = max_envelopes
        self._max_items = max_items
        self._queue: deque[Handed] = deque()
        self._items = 0
        self._counting = threading.Lock()
        self._draining = threading.Lock()

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def is_filling(self) -> bool:
        return 2 * len(self._queue) > self._max_envelopes or 2 * self._items > self._max_items

    def offer(self, handed: Handed) -> bool:
        """False when it is full. Into an empty one goes any envelope, however many items it has."""
        items = _items(handed.envelope)
        with self._counting:
            full = len(self._queue) >= self._max_envelopes or self._items + items > self._max_items
            if full and self._queue:
                return False
            self._queue.append(handed)
            self._items += items
            return True

    def drain(self, take_up: Callable[[Handed], None], at_most: int) -> None:
        """Hand each to `take_up`, by one thread at a time. Until that is done with it, it counts as waiting here."""
        with self._draining:
            for _ in range(min(at_most, len(self._queue))):
                handed = self._queue[0]
                items = _items(handed.envelope)
                try:
                    take_up(handed)
                finally:
                    with self._counting:
                        self._queue.popleft()
                        self._items -= items


def _items(envelope: Envelope) -> int:
    """Spans and log lines in it, and one for each part: a measure of the memory that it takes."""
    found = 0
    for item in envelope.items:
        payload: Any = item.payload.json
        spans = payload.get("spans") if type(payload) is dict else None
        found += 1 + (len(spans) if spans else item.headers.get("item_count") or 0)
    return found

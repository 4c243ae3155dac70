"""A room that keeps what it is told to in a table of the digest, and fails where its items say so."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import orjson

from monitor.digest import figures
from monitor.digest.collecting import Origin
from monitor.protocol import Item


class CountingCollector:
    """Sessions with a `name`, counted by it in Figure rows: as little idempotent as a count can be.

    `fail`: `take`, `store` and `commit` are failures that nobody foresees; `read` is one that `take` announces.
    """

    item_types: ClassVar[frozenset[str]] = frozenset({"session"})
    told: ClassVar[list[str]] = []

    def __init__(self) -> None:
        self._names: Counter[str] = Counter()
        self._fail = ""

    def take(self, item: Item, origin: Origin) -> None:
        payload = orjson.loads(item.payload)
        fail = payload.get("fail")
        if fail == "read":
            raise ValueError("This session has no sense.")
        if fail == "take":
            # In the middle of things, as real mistakes are.
            self._names["half"] += 1
            raise KeyError("no such thing")
        self._fail = self._fail or fail or ""
        self._names[payload["name"]] += 1

    def store(self) -> None:
        figures.add({f"test.{name}": times for name, times in self._names.items()})
        if self._fail == "store":
            raise ZeroDivisionError("in the middle of storing")

    def stored(self) -> None:
        self.told.extend(self._names.elements())


def counted() -> dict[str, float]:
    """What the collector has counted, by name."""
    return {name[5:]: value for name, value in figures.read().items() if name.startswith("test.")}


class PickyCollector:
    """Wants sessions too, and cannot read those that are `odd`."""

    item_types: ClassVar[frozenset[str]] = frozenset({"session"})

    def take(self, item: Item, origin: Origin) -> None:
        if orjson.loads(item.payload).get("odd"):
            raise ValueError("odd")

    def store(self) -> None:
        """Keeps nothing."""

    def stored(self) -> None:
        """Tells nobody."""

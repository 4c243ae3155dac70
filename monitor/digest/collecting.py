"""How the rooms get what was received: each has a collector, made anew for each batch.

The digest reads a batch of records from the spool, gives each item to the collectors of its type, and then, in one
transaction, lets each collector store what it has. A batch that fails is halved, with fresh collectors, until the
record that is at fault stands alone; it is set aside with its reason.

So `take` must keep everything to itself, and `store` must be complete or raise. Counts are exactly once because the
positions of the spool are kept in the same transaction; events that a sender sends twice are told by their id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from monitor.protocol import Item


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an item came from. `received` is seconds since 1970; `record` is unique for ever."""

    project_id: int
    received: float
    record: str
    item: int = 0
    """The how manieth of the envelope's items."""
    has_event: bool = False
    """Whether the envelope has an event, or what becomes one, besides other things."""
    event_id: str | None = None
    key: str = ""
    client: str = ""
    remote_addr: str = ""
    user_agent: str = ""
    envelope_headers: Mapping[str, Any] = field(default_factory=dict)


class Collector(Protocol):
    """One for each batch and room.

    What it takes and nobody complains of is counted as the outcome `digested`. A collector that knows better (of
    duplicates, say) has `own_outcomes: ClassVar[bool] = True` and counts with monitor.stats.outcomes itself.
    """

    item_types: ClassVar[frozenset[str]]
    """Sentry's names: `event`, `transaction`, `session`, … `*` gets what no other room wants."""

    def take(self, item: Item, origin: Origin) -> None:
        """Read and keep one item. Raises ProtocolError or ValueError for what can't be read: it is set aside."""

    def store(self) -> None:
        """Write all that was taken. Runs in the batch's transaction; raises what the database raises."""

    def stored(self) -> None:
        """After the commit: what must not be done twice or undone, such as telling the alert rules."""

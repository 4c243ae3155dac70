"""Transactions from the spool into sums, findings and samples. The one place where all the steps are in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from monitor.digest.collecting import Origin
from monitor.digest.sql import database, rows_in
from monitor.performance import adding, groups
from monitor.performance.arriving import Arrived
from monitor.performance.observers import tell
from monitor.performance.queries import store_queries
from monitor.performance.reading import measured
from monitor.performance.sampling import keep_samples
from monitor.protocol import Item
from monitor.protocol.json_payload import load_object
from monitor.releases.counting import Sighting, see_releases
from monitor.stats.outcomes import DIGESTED, DUPLICATE, Outcomes, count_outcomes

_SEE = "INSERT INTO performance_seentransaction (key, at) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
_KNOWN = "SELECT key FROM performance_seentransaction WHERE key IN ({})"


class TransactionCollector:
    """Of one batch. Measured as they are taken; the bytes stay until it is known which are kept whole."""

    item_types: ClassVar[frozenset[str]] = frozenset({"transaction"})
    own_outcomes: ClassVar[bool] = True

    def __init__(self) -> None:
        self._arrivals: dict[bytes, Arrived] = {}
        self._again: list[Arrived] = []

    def take(self, item: Item, origin: Origin) -> None:
        """Raises ValueError for what is no transaction."""
        raw = load_object(item.payload)
        arrived = Arrived(
            project_id=origin.project_id,
            received=origin.received,
            uid=_uid(origin.event_id or raw.get("event_id")),
            measured=measured(raw, origin.received),
            payload=bytes(item.payload),
        )
        if arrived.key in self._arrivals:
            self._again.append(arrived)
        else:
            self._arrivals[arrived.key] = arrived

    def store(self) -> None:
        """See Collector."""
        known = {row[0] for row in rows_in(_KNOWN, list(self._arrivals))}
        fresh = [one for key, one in self._arrivals.items() if key not in known]
        if fresh:
            database().executemany(_SEE, [(one.key, one.received) for one in fresh])
            groups.assign(fresh)
            _name_releases(fresh)
            adding.add(fresh)
            store_queries(fresh)
            keep_samples(fresh)
            tell(fresh)
        again = [*self._again, *(self._arrivals[key] for key in known)]
        outcomes: Outcomes = Counter()
        for outcome, some in ((DIGESTED, fresh), (DUPLICATE, again)):
            for one in some:
                outcomes[one.project_id, int(one.received // 60), outcome, "transaction", ""] += 1
        count_outcomes(outcomes)

    def stored(self) -> None:
        """Observers were told in the transaction."""


def _name_releases(arrivals: Sequence[Arrived]) -> None:
    named = [one for one in arrivals if one.measured.release]
    ids = see_releases(Sighting(one.project_id, one.measured.release, one.received) for one in named)
    for one in named:
        one.release_id = ids[one.measured.release]


def _uid(event_id: object) -> bytes:
    try:
        return UUID(str(event_id)).bytes
    except ValueError as error:
        raise ValueError(f"The id of a transaction is {str(event_id)[:40]!r}; it must be a UUID.") from error

"""What was accepted and what refused, and why, by project and data category.

Each process counts for itself and writes what it has counted to the spool every few seconds, as a record like any
other: so the digest adds it up exactly once, and no second way to the database is needed.
"""

from collections import Counter
from collections.abc import Mapping

import orjson

from monitor.ingest.spool.record import Count
from monitor.protocol import Reason

NO_PROJECT = 0
"""For what came without a key that is known: nobody can make up projects to count."""
ACCEPTED = "accepted"
REFUSED = "refused"


class OutcomeCounters:
    """In memory until `take`; the totals since the start stay."""

    def __init__(self) -> None:
        self._pending: Counter[tuple[int, str, str, str]] = Counter()
        self.totals: Counter[tuple[str, str]] = Counter()

    def accepted(self, project_id: int, quantities: Mapping[str, int]) -> None:
        for category, quantity in quantities.items():
            self._add((project_id, ACCEPTED, "", category), quantity)

    def refused(self, project_id: int, reason: Reason, quantities: Mapping[str, int] | None = None) -> None:
        """Without quantities: a submission whose content was not looked at counts as one of `default`."""
        for category, quantity in (quantities or {"default": 1}).items():
            self._add((project_id, REFUSED, str(reason), category), quantity)

    def take(self) -> list[Count]:
        """What was counted since the last time; it is the caller's to keep, or to give back."""
        taken = [Count(*key, quantity) for key, quantity in self._pending.items()]
        self._pending.clear()
        return taken

    def give_back(self, counts: list[Count]) -> None:
        for one in counts:
            self._pending[one.project_id, one.outcome, one.reason, one.category] += one.quantity

    def _add(self, key: tuple[int, str, str, str], quantity: int) -> None:
        self._pending[key] += quantity
        self.totals[key[1], key[2]] += quantity


def dump_counts(counts: list[Count]) -> bytes:
    return orjson.dumps([one.as_row() for one in counts])

"""Counts by minute: of all errors and messages, of what clients dropped themselves, and of what no room keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from monitor.digest.collecting import Origin
from monitor.digest.facts import Fact
from monitor.digest.sql import database
from monitor.protocol import Item
from monitor.protocol.item_types import DATA_CATEGORIES
from monitor.protocol.json_payload import load_object
from monitor.stats.outcomes import CLIENT_DISCARD, NOT_KEPT, Outcomes, count_outcomes, word

_QUANTITY_MAX = 1_000_000_000
_ADD_EVENTS = (
    "INSERT INTO stats_eventcount (project_id, minute, category, severity, level, environment, release, times)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (project_id, minute, category, severity, level, environment, release)"
    " DO UPDATE SET times = times + excluded.times"
)


def count_events(facts: Sequence[Fact]) -> None:
    """A subscriber of facts: EventCount, by the time of the event."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for fact in facts:
        key = (
            fact.project_id,
            int(fact.time // 60),
            fact.category,
            fact.severity,
            fact.level,
            fact.environment,
            fact.release,
        )
        counts[key] += fact.times
    database().executemany(_ADD_EVENTS, [(*key, times) for key, times in sorted(counts.items())])


class ClientReportCollector:
    """What SDKs say that they did not send. https://develop.sentry.dev/sdk/telemetry/client-reports/"""

    item_types: ClassVar[frozenset[str]] = frozenset({"client_report"})

    def __init__(self) -> None:
        self._discards: Outcomes = Counter()

    def take(self, item: Item, origin: Origin) -> None:
        """By the minute of its receipt: clients report once in half a minute."""
        report = load_object(item.payload)
        minute = int(origin.received // 60)
        for kind in (
            "discarded_events",
            "rate_limited_events",
            "filtered_events",
            "filtered_sampling_events",
        ):
            rows = report.get(kind)
            for row in rows if type(rows) is list else ():
                if type(row) is not dict:
                    continue
                quantity = row.get("quantity")
                if type(quantity) is int and 0 < quantity <= _QUANTITY_MAX:
                    category = word(row.get("category"), 30)
                    if category not in DATA_CATEGORIES:
                        category = "unknown"
                    reason = word(row.get("reason"), 60)
                    self._discards[origin.project_id, minute, CLIENT_DISCARD, category, reason] += quantity

    def store(self) -> None:
        count_outcomes(self._discards)

    def stored(self) -> None:
        """Nobody waits for it."""


class RestCollector:
    """What no other room wants: logs, replays, and whatever the protocol will have tomorrow. Counted, not kept."""

    item_types: ClassVar[frozenset[str]] = frozenset({"*"})
    own_outcomes: ClassVar[bool] = True

    def __init__(self) -> None:
        self._counts: Outcomes = Counter()

    def take(self, item: Item, origin: Origin) -> None:
        for category, quantity in item.quantities.items():
            key = (origin.project_id, int(origin.received // 60), NOT_KEPT, category, word(item.type, 60))
            self._counts[key] += quantity

    def store(self) -> None:
        count_outcomes(self._counts)

    def stored(self) -> None:
        """Nobody waits for it."""

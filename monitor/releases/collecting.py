"""What comes in: sessions by items of their own, events as facts, transactions by the room that digests them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from monitor.digest.collecting import Origin
from monitor.digest.facts import Fact
from monitor.protocol import Item
from monitor.protocol.json_payload import load_object
from monitor.releases.counting import (
    Counts,
    Sighting,
    change_of,
    count_updates,
    place_of,
    see_releases,
    store_counts,
)
from monitor.releases.keeping import SESSION_CHANGES_FOR_S
from monitor.releases.models import Regression
from monitor.releases.naming import release_of
from monitor.releases.observers import tell_sessions
from monitor.releases.sessions import Outcome, SessionSum, SessionUpdate, sums_of, update_of
from monitor.releases.users import user_hash


class SessionCollector:
    """Keeps all of a batch in memory: sums by where they count, updates joined by session."""

    item_types: ClassVar[frozenset[str]] = frozenset({"session", "sessions"})

    def __init__(self) -> None:
        self._updates: dict[tuple[int, bytes], SessionUpdate] = {}
        self._sums: list[tuple[int, SessionSum]] = []
        self._sightings: list[Sighting] = []
        self._received = 0.0

    def take(self, item: Item, origin: Origin) -> None:
        """Raises ValueError for what is no session."""
        payload = load_object(item.payload)
        self._received = max(self._received, origin.received)
        if item.type == "session":
            self._take_update(update_of(payload, origin.received), origin)
            return
        for one in list(sums_of(payload, origin.received)):
            self._sums.append((origin.project_id, one))
            self._sightings.append(Sighting(origin.project_id, one.release, origin.received))

    def _take_update(self, update: SessionUpdate, origin: Origin) -> None:
        if not update.is_first and update.started < origin.received - SESSION_CHANGES_FOR_S:
            # Nothing is known of it any more, so it cannot be told whether it has counted.
            return
        key = (origin.project_id, update.sid)
        before = self._updates.get(key)
        self._updates[key] = update if before is None else before.joined(update)
        self._sightings.append(Sighting(origin.project_id, update.release, origin.received))

    def store(self) -> None:
        """See Collector."""
        if not self._sightings:
            return
        ids = see_releases(self._sightings)
        counts = Counts.none()
        count_updates(self._updates, ids, counts, user_hash)
        for project_id, one in self._sums:
            place = place_of(ids[one.release], project_id, one.environment, one.started)
            for outcome, number in one.counts.items():
                counts.add_sessions(place, outcome, number)
                counts.changes.append(change_of(project_id, one, outcome, number))
            if one.user is not None:
                crashed = Outcome.CRASHED in one.counts
                counts.add_visit(place, one.started, user_hash(one.user), crashed=crashed)
        store_counts(counts)
        tell_sessions([replace(change, received=self._received) for change in counts.changes])

    def stored(self) -> None:
        """Observers were told in the transaction."""


def count_errors(facts: Sequence[Fact]) -> None:
    """A subscriber of facts: errors and messages by release and hour, and the releases that come with them."""
    named = [(fact, release) for fact in facts if (release := release_of(fact.release)) is not None]
    ids = see_releases(Sighting(fact.project_id, release, fact.received) for fact, release in named)
    counts = Counts.none()
    for fact, release in named:
        place = place_of(ids[release], fact.project_id, fact.environment, fact.time)
        counts.hours[place]["events"] += fact.times
    store_counts(counts)
    Regression.objects.bulk_create(
        (
            Regression(
                release_id=ids[release], issue_id=fact.issue_id, at=datetime.fromtimestamp(fact.received, UTC)
            )
            for fact, release in named
            if fact.regressed
        ),
        ignore_conflicts=True,
    )

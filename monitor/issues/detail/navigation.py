"""From one stored event of an issue to the next. Nothing here counts more than it must."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet, Subquery

from monitor.issues.models import Issue, StoredEvent

COUNTED = 10_000
"""Past so many newer events, nobody asks how manieth this one is."""


@dataclass(frozen=True, slots=True)
class Navigation:
    """`position` counts from the oldest, which is 1; None where counting would take too long."""

    event: StoredEvent
    older: StoredEvent | None
    newer: StoredEvent | None
    position: int | None
    kept: int

    @property
    def is_newest(self) -> bool:
        return self.newer is None

    @property
    def is_oldest(self) -> bool:
        return self.older is None


def newest_event(issue: Issue) -> StoredEvent | None:
    return _of(issue).order_by("-timestamp", "-id").first()


def oldest_event(issue: Issue) -> StoredEvent | None:
    return _of(issue).order_by("timestamp", "id").first()


def event_called(issue: Issue, event_id: str) -> StoredEvent | None:
    """The stored event with this id, if it is one of this issue."""
    return _of(issue).filter(uid=bytes.fromhex(event_id)).first()


def navigation_from(issue: Issue, event: StoredEvent) -> Navigation:
    """Events at the same moment are in the order in which they were stored."""
    # Not the value itself: a moment read from the database has lost what is less than a microsecond.
    moment = Subquery(StoredEvent.objects.filter(pk=event.pk).values("timestamp"))
    same = {"timestamp": moment}
    newer = _of(issue).filter(timestamp__gte=moment).exclude(**same, id__lte=event.pk)
    older = _of(issue).filter(timestamp__lte=moment).exclude(**same, id__gte=event.pk)
    following = newer.order_by("timestamp", "id").first()
    before = older.order_by("-timestamp", "-id").first()
    kept = max(issue.stored, 1 + (following is not None) + (before is not None))
    return Navigation(event, before, following, _position(newer, following, before, kept), kept)


def _position(
    newer: QuerySet[StoredEvent], following: StoredEvent | None, before: StoredEvent | None, kept: int
) -> int | None:
    if following is None:
        return kept
    if before is None:
        return 1
    counted = newer.order_by()[: COUNTED + 1].count()
    return None if counted > COUNTED else max(kept - counted, 1)


def _of(issue: Issue) -> QuerySet[StoredEvent]:
    return StoredEvent.objects.filter(issue=issue)

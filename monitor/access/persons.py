"""What is kept of a person, found by the id that SDKs send, and erased. Counts stay: they say nothing of anybody.

The id itself is stored nowhere but in payloads: tables have the first eight bytes of a keyed hash of it
(monitor.issues.arrival). So a search takes the id, and what is found and erased is logged under the hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, F, Max, Min, QuerySet

from monitor.access import audit
from monitor.alerts.dispatch.keeping import forget_person as forget_told
from monitor.dashboards.affected import forget_person as forget_affected
from monitor.digest.payloads import Place, payload_store
from monitor.events.surroundings import user_key_of
from monitor.feedback.models import Feedback
from monitor.feedback.services import forget_person as forget_feedback
from monitor.issues import arrival
from monitor.issues.models import (
    Attachment,
    Issue,
    IssueTag,
    IssueUser,
    Merge,
    SampledEvent,
    StoredEvent,
    TagValue,
    sampled_key,
)
from monitor.releases.models import ReleaseUser

KINDS = ("id", "email", "username", "ip_address")
"""What SDKs tell of users. The first that an event has is what its hash is made of."""
TAG_KEYS = (
    "user",
    "user.id",
    "user_id",
    "user.email",
    "user.username",
    "username",
    "email",
    "customer_id",
    "account_id",
)
"""Tags in which applications send the same id once more."""
SHOWN_MAX = 100
_STEP = 500
_HASH_BYTES = 8
_DAY_S = 86_400


@dataclass(frozen=True)
class Met:
    """An issue that the person met, with what is kept of their events."""

    issue: Issue
    events: int


@dataclass(frozen=True)
class Person:
    """`issues` are at most a hundred, the most recent; the numbers are of all."""

    hashes: list[bytes]
    issues: list[Met] = field(default_factory=list)
    issue_count: int = 0
    event_count: int = 0
    attachment_count: int = 0
    feedback_count: int = 0
    session_days: int = 0
    tag_count: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def is_known(self) -> bool:
        return any(
            (self.issue_count, self.event_count, self.feedback_count, self.session_days, self.tag_count)
        )

    @property
    def label(self) -> str:
        """For the audit log: who has the id can make it again, and nobody else."""
        return f"person {self.hashes[0].hex()}"


@dataclass(frozen=True)
class Erased:
    """How much of each was removed."""

    events: int
    attachments: int
    feedback: int
    issues: int
    session_days: int
    tags: int


def hashes_of(identity: str) -> list[bytes]:
    """As tables have them, whether it was sent as id, address or name."""
    keys = (user_key_of({kind: identity}, arrival.user_salt()) for kind in KINDS)
    return [arrival.user_hash(key) for key in keys if key]


def find(identity: str) -> Person:
    """All that is kept of whoever SDKs call so."""
    hashes = hashes_of(identity)
    issues = _issues_of(hashes)
    events = _events_of(hashes, issues)
    span = events.aggregate(first=Min("timestamp"), last=Max("timestamp"))
    shown = dict(events.order_by().values_list("issue").annotate(Count("pk")))
    recent = Issue.objects.filter(pk__in=issues).select_related("project").order_by("-last_seen")[:SHOWN_MAX]
    return Person(
        hashes=hashes,
        issues=[Met(issue, shown.get(issue.pk, 0)) for issue in recent],
        issue_count=len(issues),
        event_count=sum(shown.values()),
        attachment_count=Attachment.objects.filter(uid__in=events.values("uid")).count(),
        feedback_count=Feedback.objects.filter(user__in=hashes).count(),
        session_days=ReleaseUser.objects.filter(user__in=hashes).count(),
        tag_count=_tags_of(identity).count(),
        first=span["first"],
        last=span["last"],
    )


def erase(identity: str, by: audit.Actor) -> Erased:
    """Payloads first, each overwritten on the disk, then the rows: what was interrupted is ended by erasing again."""
    hashes = hashes_of(identity)
    issues = _issues_of(hashes)
    events = attachments = 0
    _pragma("secure_delete=ON")
    for rows in _in_steps(_events_of(hashes, issues)):
        files = list(Attachment.objects.filter(uid__in=[row.uid for row in rows]))
        kept: list[StoredEvent | Attachment] = [*rows, *files]
        payload_store().erase(Place(one.block_id, one.slot) for one in kept)
        _remove_rows(rows, files)
        events += len(rows)
        attachments += len(files)
    with transaction.atomic():
        sessions, _ = ReleaseUser.objects.filter(user__in=hashes).delete()
        feedback = sum(forget_feedback(one) for one in hashes)
        for one in hashes:
            forget_affected(one)
        _forget_merged(hashes, issues)
        IssueUser.objects.filter(user__in=hashes).delete()
        tags = _remove_tags(identity)
        forget_told(identity)
        erased = Erased(events, attachments, feedback, len(issues), sessions, tags)
        audit.record(by, "person.erased", Person(hashes).label, **vars(erased))
    _pragma("secure_delete=FAST")
    if not connection.in_atomic_block:
        # The log still has the pages as they were. Whoever reads at this moment keeps it; the next checkpoint ends it.
        _pragma("wal_checkpoint(TRUNCATE)")
    return erased


def _pragma(what: str) -> None:
    """Deleted rows are overwritten in their pages, not only let go: feedback has an address, tags may have the id."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {what}")


def _issues_of(hashes: list[bytes]) -> list[int]:
    return list(IssueUser.objects.filter(user__in=hashes).values_list("issue", flat=True).distinct())


def _events_of(hashes: list[bytes], issues: list[int]) -> QuerySet[StoredEvent]:
    # Events have no index by user: the issues that the person met lead to them.
    return StoredEvent.objects.filter(issue__in=issues, user__in=hashes)


def _in_steps(events: QuerySet[StoredEvent]) -> Iterator[list[StoredEvent]]:
    while rows := list(events.order_by("pk")[:_STEP]):
        yield rows


@transaction.atomic
def _remove_rows(rows: list[StoredEvent], files: list[Attachment]) -> None:
    """The ids of the events stay known, without anything else: the same event sent again is not stored again."""
    SampledEvent.objects.bulk_create(
        [
            SampledEvent(
                id=sampled_key(bytes(row.uid)),
                issue_id=row.issue_id,
                day=int(row.received.timestamp() // _DAY_S),
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )
    Attachment.objects.filter(pk__in=[one.pk for one in files]).delete()
    StoredEvent.objects.filter(pk__in=[row.pk for row in rows]).delete()
    removed: dict[int, int] = {}
    for row in rows:
        removed[row.issue_id] = removed.get(row.issue_id, 0) + 1
    for issue, number in removed.items():
        Issue.objects.filter(pk=issue, stored__gte=number).update(stored=F("stored") - number)


def _forget_merged(hashes: list[bytes], issues: list[int]) -> None:
    """A merged issue remembers its users, for the case that it is taken apart again."""
    for merge in Merge.objects.filter(issue__in=issues):
        users, new_users = _without(merge.users, hashes), _without(merge.new_users, hashes)
        Merge.objects.filter(pk=merge.pk).update(users=users, new_users=new_users)


def _without(packed: bytes | memoryview, hashes: list[bytes]) -> bytes:
    found = bytes(packed)
    pieces = (found[start : start + _HASH_BYTES] for start in range(0, len(found), _HASH_BYTES))
    return b"".join(piece for piece in pieces if piece not in hashes)


def _tags_of(identity: str) -> QuerySet[TagValue]:
    return TagValue.objects.filter(key__in=TAG_KEYS, value=identity[:200])


def _remove_tags(identity: str) -> int:
    found = list(_tags_of(identity).values_list("pk", flat=True))
    IssueTag.objects.filter(tag__in=found).delete()
    TagValue.objects.filter(pk__in=found).delete()
    return len(found)

"""Feedback finds its issue by the event it is about, whichever of the two comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery

from monitor.digest.facts import Fact
from monitor.digest.sql import rows_in
from monitor.feedback.models import Feedback
from monitor.issues.models import Issue, SampledEvent, StoredEvent, sampled_key

LOOKED_FOR_S = 30 * 86400.0
"""An event that has not come after so long will not come."""
_AT_ONCE = 500


def link_facts(facts: Sequence[Fact]) -> None:
    """A subscriber of facts: the events of a batch that feedback is waiting for. One statement where there is none."""
    issues = {fact.uid: (fact.project_id, fact.issue_id) for fact in facts}
    waiting = (
        "SELECT id, project_id, event_uid FROM feedback_feedback WHERE event_uid IN ({}) AND issue_id IS NULL"
    )
    for pk, waits_in, uid in list(rows_in(waiting, list(issues))):
        project_id, issue_id = issues[uid]
        if waits_in == project_id:
            Feedback.objects.filter(pk=pk).update(issue=issue_id)


def link(feedback: Iterable[Feedback]) -> int:
    """To what is here already; gives how many found their issue."""
    found = 0
    for one in feedback:
        issue_id = _issue_of(one)
        if issue_id is not None:
            one.issue_id = issue_id
            one.save(update_fields=["issue", "event_uid"])
            found += 1
    return found


def _issue_of(feedback: Feedback) -> int | None:
    """By the event, kept or left out in a flood; by the error's id, which also tells the event."""
    events = StoredEvent.objects.filter(project_id=feedback.project_id)
    event = None
    if feedback.event_uid is not None:
        event = events.filter(uid=feedback.event_uid).first()
    elif feedback.error_id:
        event = events.filter(error_id=feedback.error_id).order_by("timestamp").first()
    if event is not None:
        feedback.event_uid = event.uid
        return event.issue_id
    if feedback.event_uid is None:
        return None
    left_out = SampledEvent.objects.filter(pk=sampled_key(bytes(feedback.event_uid)))
    issues = Issue.objects.filter(project_id=feedback.project_id, pk__in=left_out.values("issue_id"))
    return issues.values_list("pk", flat=True).first()


def link_waiting(now: float) -> None:
    """By the clock: what waits for an event that only its error's id tells; and events that have moved to another issue."""
    since = datetime.fromtimestamp(now - LOOKED_FOR_S, UTC)
    waiting = Feedback.objects.filter(issue=None, received__gte=since).exclude(event_uid=None, error_id="")
    moved = StoredEvent.objects.filter(uid=OuterRef("event_uid")).exclude(issue=OuterRef("issue"))
    parted = Feedback.objects.filter(Exists(moved), event_uid__isnull=False, issue__isnull=False)
    if not waiting.exists() and not parted.exists():
        return
    with transaction.atomic():
        link(waiting.order_by("-received")[:_AT_ONCE])
        parted.update(issue=Subquery(moved.values("issue")[:1]))

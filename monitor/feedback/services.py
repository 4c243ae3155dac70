"""What people do with feedback. `by` is whoever the audit log shall name; whether they may, the caller asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction

from monitor.access.audit import Actor, record
from monitor.feedback.linking import link
from monitor.feedback.models import Contact, Feedback, Status
from monitor.feedback.reading import report
from monitor.feedback.storing import keep
from monitor.projects.models import Project

_ACTIONS = {
    Status.OPEN: "feedback.reopened",
    Status.RESOLVED: "feedback.resolved",
    Status.SPAM: "feedback.marked_spam",
}


def set_status(feedback: Iterable[Feedback], status: Status, by: Actor) -> int:
    """Gives how many of them had another one."""
    changed = 0
    with transaction.atomic():
        for one in feedback:
            if one.status != status:
                one.status = status
                one.save(update_fields=["status"])
                record(by, _ACTIONS[status], f"feedback {one.feedback_id}", one.project)
                changed += 1
    return changed


def see_contact(feedback: Feedback, by: Actor) -> str | None:
    """The contact address, which is noted in the audit log; None where none was given."""
    with transaction.atomic():
        contact = Contact.objects.filter(feedback=feedback).first()
        if contact is None:
            return None
        record(by, "feedback.contact_seen", f"feedback {feedback.feedback_id}", feedback.project)
    return contact.address


def delete(feedback: Iterable[Feedback], by: Actor) -> int:
    """With the addresses. Gives how many there were."""
    with transaction.atomic():
        found = list(feedback)
        for one in found:
            record(by, "feedback.deleted", f"feedback {one.feedback_id}", one.project)
            one.delete()
    return len(found)


def forget_person(user: bytes) -> int:
    """Remove all feedback of a user, told by the 8 bytes of their hash (monitor.issues.arrival.user_hash); gives how
    much it was. The caller writes it into the audit log, with the rest of what was removed."""
    with transaction.atomic():
        _, removed = Feedback.objects.filter(user=user).delete()
    return removed.get(Feedback._meta.label, 0)


def submit(
    project: Project, *, comments: str, name: str, email: str, event_id: str, now: datetime | None = None
) -> Feedback | None:
    """As the API takes it. None when the same was said before. Raises ValueError for one that says nothing."""
    received = (now or datetime.now(UTC)).timestamp()
    arrived = report(
        project_id=project.pk,
        received=received,
        comments=comments,
        name=name,
        address=email,
        event_id=event_id,
    )
    with transaction.atomic():
        feedback = keep(arrived)
        if feedback is not None:
            link([feedback])
    return feedback

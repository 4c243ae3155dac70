"""Known errors: what is known of an issue, written where it appears again (cause, way round, runbook)."""

from __future__ import annotations

from django.db import transaction
from django.utils.timezone import now

from monitor.access.audit import Actor
from monitor.issues.journal import ActionError, note, subject_of
from monitor.issues.models import Issue

MAX_NOTE = 10_000


def write_known_error(issue: Issue, by: Actor, text: str) -> bool:
    """Whether the note has changed; an empty one takes it away. Raises ActionError for more than 10,000 characters."""
    text = text.strip()
    if len(text) > MAX_NOTE:
        raise ActionError(f"The note has {len(text):,} characters; {MAX_NOTE:,} are kept at most.")
    if text == issue.known_error:
        return False
    with transaction.atomic():
        Issue.objects.filter(pk=issue.pk).update(known_error=text)
        kind = "known_error" if text else "known_error_removed"
        note(by, kind, [subject_of(issue)], at=now())
    issue.known_error = text
    return True

"""Issues and all that is kept of them are removed, payloads too. What comes later of the same kind is a new issue."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from monitor.access.audit import Actor
from monitor.digest.sql import as_json, database
from monitor.issues.journal import audit, chunks, subjects
from monitor.issues.models import Issue

_EVENTS_OF = "SELECT uid FROM issues_storedevent WHERE issue_id IN (SELECT value FROM json_each(?))"


def delete(issues: Iterable[Issue] | QuerySet[Issue], by: Actor) -> int:
    """Gives how many there were. The audit log keeps their names."""
    ids = list({issue.pk for issue in issues})
    with transaction.atomic():
        told = subjects(ids)
        audit(by, "issue.deleted", told)
        for chunk in chunks([one.id for one in told]):
            _delete(chunk)
    return len(told)


def _delete(ids: list[int]) -> None:
    """The big tables by statement; Django then sees to whatever else points to an issue, as its model says."""
    given = (as_json(ids),)
    database().execute(f"DELETE FROM issues_attachment WHERE uid IN ({_EVENTS_OF})", given)  # noqa: S608
    for table in ("storedevent", "issuetag", "issuehour", "issueuser", "activity", "issuehash"):
        database().execute(
            f"DELETE FROM issues_{table} WHERE issue_id IN (SELECT value FROM json_each(?))",  # noqa: S608
            given,
        )
    Issue.objects.filter(pk__in=ids).delete()

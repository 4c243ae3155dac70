"""Issues and all that is kept of them are removed. What comes later of the same kind is a new issue.

Payloads share their blocks with those of other issues, so that taking them out means writing blocks anew: that is left
to a clock job, which may take as long as it takes.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from monitor.access.audit import Actor
from monitor.digest.payloads import Place, payload_store
from monitor.digest.sql import as_json, database
from monitor.issues.journal import audit, chunks, subjects
from monitor.issues.models import DeletedPayload, Issue

_AT_ONCE = 20
"""Blocks that one run of the clock job writes anew: about a second."""
_NOTE_PAYLOADS = (
    "INSERT INTO issues_deletedpayload (block, slot)"
    " SELECT block_id, slot FROM issues_storedevent WHERE issue_id IN (SELECT value FROM json_each(?))"
)
_NOTE_ATTACHMENTS = (
    "INSERT INTO issues_deletedpayload (block, slot)"
    " SELECT a.block_id, a.slot FROM issues_storedevent e JOIN issues_attachment a ON a.uid = e.uid"
    " AND a.project_id = e.project_id WHERE e.issue_id IN (SELECT value FROM json_each(?))"
)
_REMOVE_ATTACHMENTS = (
    "DELETE FROM issues_attachment WHERE (uid, project_id) IN (SELECT uid, project_id FROM issues_storedevent"
    " WHERE issue_id IN (SELECT value FROM json_each(?)))"
)
_EMPTY = "DELETE FROM issues_{} WHERE issue_id IN (SELECT value FROM json_each(?))"
_EMPTIED = ("storedevent", "issuetag", "issuehour", "issueuser", "activity", "issuehash")


def delete(issues: Iterable[Issue] | QuerySet[Issue], by: Actor) -> int:
    """Gives how many there were. The audit log keeps their names; `erase_deleted` sees to their payloads."""
    ids = list({issue.pk for issue in issues})
    with transaction.atomic():
        told = subjects(ids)
        audit(by, "issue.deleted", told)
        for chunk in chunks([one.id for one in told]):
            _delete(chunk)
    return len(told)


def _delete(ids: list[int]) -> None:
    """The big tables by statement; Django then sees to whatever else points to an issue, as its model says."""
    these = (as_json(ids),)
    for statement in (_NOTE_PAYLOADS, _NOTE_ATTACHMENTS, _REMOVE_ATTACHMENTS):
        database().execute(statement, these)
    for table in _EMPTIED:
        database().execute(_EMPTY.format(table), these)
    Issue.objects.filter(pk__in=ids).delete()


def erase_deleted(now: float) -> None:
    """The clock job: overwrites what the disk still has of deleted issues, some blocks at a time."""
    blocks = list(DeletedPayload.objects.values_list("block", flat=True).distinct()[:_AT_ONCE])
    if not blocks:
        return
    rows = list(DeletedPayload.objects.filter(block__in=blocks))
    payload_store().erase([Place(row.block, row.slot) for row in rows])
    DeletedPayload.objects.filter(block__in=blocks).delete()

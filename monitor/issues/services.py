"""What people do with issues. Each service is one transaction, and writes down who did what (journal.py).

`issues` are Issue objects or a queryset of them; `by` is whoever the audit log shall name: a user, a request, a token,
or the name of a process. Whether they may is asked by the caller (monitor.access.permissions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.timezone import now

from monitor.access.audit import Actor, user_behind
from monitor.access.models import User
from monitor.access.permissions import visible_projects
from monitor.issues.deletion import delete
from monitor.issues.escalation import wake_by_rate
from monitor.issues.journal import ActionError, audit, chunks, note, subject_of, subjects
from monitor.issues.merging import merge
from monitor.issues.models import Activity, Issue, Status, Substatus
from monitor.issues.unmerging import unmerge

__all__ = [
    "ActionError",
    "assign",
    "comment",
    "delete",
    "ignore",
    "merge",
    "resolve",
    "unmerge",
    "unresolve",
]

Issues = Iterable[Issue] | QuerySet[Issue]
MAX_COMMENT = 10_000
_NOT_RESOLVED: dict[str, Any] = {"resolved_in_release": "", "resolved_in_next_release": False}
_NOT_IGNORED: dict[str, Any] = {
    "ignored_until": None,
    "ignored_until_times": None,
    "ignored_until_rate": None,
}


def ids_of(issues: Issues) -> list[int]:
    """Each once, in the order given."""
    found = (
        issues.values_list("pk", flat=True) if isinstance(issues, QuerySet) else (one.pk for one in issues)
    )
    return list(dict.fromkeys(found))


def resolve(
    issues: Issues, by: Actor, in_release: str | None = None, in_next_release: bool = False
) -> list[int]:
    """Gives the ids of those that were not resolved so already.

    With `in_release`, only events of that release or a later one bring it back; with `in_next_release`, those of a
    release that is not known yet. Raises ActionError for both at once.
    """
    if in_release and in_next_release:
        raise ActionError("Resolved in one release or in the next one: choose one of the two.")
    wanted = {
        "status": Status.RESOLVED,
        "resolved_in_release": in_release or "",
        "resolved_in_next_release": in_next_release,
    }
    data: dict[str, Any] = {"in_release": in_release} if in_release else {}
    if in_next_release:
        data["in_next_release"] = True
    return _change(
        ids_of(issues), by, "resolved", unless=Q(**wanted), to={**wanted, **_NOT_IGNORED}, data=data
    )


def unresolve(issues: Issues, by: Actor, *, as_it_was: bool = False) -> list[int]:
    """Gives the ids of those that were resolved or ignored. `as_it_was`: new stays new, as when one's own step is undone."""
    to: dict[str, Any] = {"status": Status.UNRESOLVED, **_NOT_RESOLVED, **_NOT_IGNORED}
    if not as_it_was:
        to["substatus"] = Substatus.ONGOING
    return _change(ids_of(issues), by, "unresolved", unless=Q(status=Status.UNRESOLVED), to=to)


def ignore(
    issues: Issues,
    by: Actor,
    until: datetime | None = None,
    times: int | None = None,
    until_escalating: bool = False,
) -> list[int]:
    """Gives the ids of all of them: an issue that was ignored already is so on the new terms.

    `until` a moment; until it has happened so many `times` more; `until_escalating`: until an hour is far above the
    week before (escalation.py). Of several, what comes first wakes it; of none, nothing does.
    Raises ActionError for a moment that is past or a number below 1.
    """
    at = now()
    if until is not None and until <= at:
        raise ActionError("Ignored until a time that is past: choose a later one.")
    if times is not None and times < 1:
        raise ActionError("Ignored until it happens 0 times more: choose 1 or more.")
    to: dict[str, Any] = {
        "status": Status.IGNORED,
        **_NOT_RESOLVED,
        "ignored_until": until,
        "ignored_until_times": None if times is None else F("times") + times,
        "ignored_until_rate": None,
    }
    terms = {
        "until": until.timestamp() if until else None,
        "times": times,
        "until_escalating": until_escalating or None,
    }
    data = {name: value for name, value in terms.items() if value is not None}
    with transaction.atomic():
        changed = _change(ids_of(issues), by, "ignored", unless=Q(pk__in=()), to=to, data=data)
        if until_escalating:
            wake_by_rate(changed, at)
    return changed


def assign(issues: Issues, by: Actor, to: User | None) -> list[int]:
    """Gives the ids of those that were another's, or nobody's. Raises ActionError where `to` can't see or change them."""
    with transaction.atomic():
        ids = ids_of(issues)
        if to is not None:
            _require_able(to, ids)
        data = {"to": to.pk, "name": str(to)} if to else {"to": None}
        return _change(ids, by, "assigned", unless=Q(assigned_to=to), to={"assigned_to": to}, data=data)


def comment(issue: Issue, by: Actor, text: str) -> Activity:
    """Raises ActionError for one that is empty or longer than 10,000 characters."""
    text = text.strip()
    if not text:
        raise ActionError("A comment without words: write some.")
    if len(text) > MAX_COMMENT:
        raise ActionError(f"The comment has {len(text):,} characters; {MAX_COMMENT:,} are kept at most.")
    with transaction.atomic():
        activity = Activity.objects.create(
            issue=issue, at=now(), user=user_behind(by), kind="comment", data={"text": text}
        )
        audit(by, "issue.commented", [subject_of(issue)])
    return activity


def _change(
    ids: list[int],
    by: Actor,
    kind: str,
    *,
    unless: Q,
    to: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
) -> list[int]:
    """Set the columns `to` on those that are not so yet, and note it."""
    at = now()
    columns = {**to, "status_changed_at": at} if "status" in to else to
    with transaction.atomic():
        changed: list[int] = []
        for chunk in chunks(ids):
            found = Issue.objects.filter(pk__in=chunk).exclude(unless).values_list("pk", flat=True)
            here = set(found)
            Issue.objects.filter(pk__in=here).update(**columns)
            changed += [pk for pk in chunk if pk in here]
        note(by, kind, subjects(changed), at=at, data=data)
    return changed


def _require_able(to: User, ids: list[int]) -> None:
    """What it says does not name `to`: whoever asks by number need not learn who that is."""
    seen = visible_projects(to if to.may_change else AnonymousUser())
    for chunk in chunks(ids):
        hidden = (
            Issue.objects.filter(pk__in=chunk).exclude(project__in=seen).select_related("project").first()
        )
        if hidden is not None:
            raise ActionError(
                f"Whoever is given an issue must be able to see and change its project, {hidden.project}."
            )

"""What stands around an issue: who may see it, what is like it, what was done with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404

from monitor.access.models import User
from monitor.access.permissions import Someone, able_to_change, visible_projects
from monitor.grouping.messages import parameterised
from monitor.issues.models import Activity, Issue, IssueHash, IssueUser, StoredEvent
from monitor.issues.text_index import indexed
from monitor.performance.models import TransactionSample

SIMILAR = 5
_ACTIVITIES = 200
_USERS = 12
OF_TRACE = 8
_TRANSACTIONS = 5
_KNOWN_ERRORS = 3
_NOTED = 100
_LOOKED_AT = 50
_LEAST_WORDS = 8
_PLACEHOLDER = re.compile(r"<\w+>")


def issue_for(user: Someone, pk: int) -> Issue:
    """Raises Http404 for an issue of a stranger's project as for one that does not exist."""
    found = (
        Issue.objects.select_related("project", "assigned_to")
        .filter(pk=pk, project__in=visible_projects(user))
        .first()
    )
    if found is None:
        raise Http404(f"There is no issue {pk}, or not for you.")
    return found


def similar_to(issue: Issue) -> list[Issue]:
    """The newest others of the project with the same type, or, of messages, with the same words."""
    others = Issue.objects.filter(project=issue.project_id, type=issue.type).exclude(pk=issue.pk)
    if not issue.type:
        others = others.filter(pk__in=_with_words(_constant_part(issue.title)))
    return _of_project(issue, others.order_by("-pk")[:SIMILAR])


def known_errors_like(issue: Issue) -> list[Issue]:
    """Others of the same type, or with the same words, whose known error is written down: it may be the same again."""
    noted = Issue.objects.filter(project=issue.project_id, type=issue.type, known_error__gt="")
    others = noted.exclude(pk=issue.pk).order_by("-pk")
    if issue.type:
        return _of_project(issue, others[:_KNOWN_ERRORS])
    words = _constant_part(issue.title)
    alike = [one for one in others[:_NOTED] if words and words.casefold() in one.title.casefold()]
    return _of_project(issue, alike[:_KNOWN_ERRORS])


def _constant_part(title: str) -> str:
    """The longest part of a message that is the same in all like it; empty if it says nothing."""
    longest = max((part.strip() for part in _PLACEHOLDER.split(parameterised(title))), key=len)
    return longest if len(longest) >= _LEAST_WORDS else ""


def _with_words(words: str) -> list[int]:
    """The newest issues that have them, not all: a million may."""
    if not words:
        return []
    newest = Issue.objects.filter(indexed([words])).order_by("-pk")
    return list(newest.values_list("pk", flat=True)[:_LOOKED_AT])


def _of_project(issue: Issue, others: Iterable[Issue]) -> list[Issue]:
    found = list(others)
    for one in found:
        one.project = issue.project
    return found


def activities_of(issue: Issue) -> list[Activity]:
    """What was done, the last first."""
    told = issue.activities.exclude(kind="first_seen")  # the page has it from the issue itself
    return list(told.select_related("user").order_by("-at", "-id")[:_ACTIVITIES])


def hashes_of(issue: Issue) -> list[IssueHash]:
    return list(issue.hashes.order_by("id"))


def assignable_users(issue: Issue) -> QuerySet[User]:
    return able_to_change([issue.project_id])


def user_hashes(issue: Issue) -> list[str]:
    """Some of those who met it. Nothing else is kept of them."""
    found = IssueUser.objects.filter(issue=issue).values_list("user", flat=True)[:_USERS]
    return [bytes(one).hex() for one in found]


def other_issues_of_user(stored: StoredEvent, viewer: Someone) -> list[Issue]:
    """What else the person met whose event this is."""
    if stored.user is None:
        return []
    met = IssueUser.objects.filter(user=bytes(stored.user)).exclude(issue=stored.issue_id).values("issue")
    return list(
        Issue.objects.select_related("project")
        .filter(pk__in=met, project__in=visible_projects(viewer))
        .order_by("-last_seen")[:SIMILAR]
    )


@dataclass(frozen=True, slots=True)
class TraceNeighbour:
    """Another event of the same trace; `seconds_later` is negative for what came before."""

    event: StoredEvent
    seconds_later: float


def others_of_trace(stored: StoredEvent, viewer: Someone) -> list[TraceNeighbour]:
    """What else went wrong in the same request, and in what it set going."""
    if stored.trace is None:
        return []
    others = (
        StoredEvent.objects.select_related("issue__project")
        .filter(trace=bytes(stored.trace), project__in=visible_projects(viewer))
        .exclude(pk=stored.pk)
        .order_by("timestamp")[:OF_TRACE]
    )
    return [TraceNeighbour(one, (one.timestamp - stored.timestamp).total_seconds()) for one in others]


def transactions_of_trace(stored: StoredEvent, viewer: Someone) -> list[TransactionSample]:
    """The request or task in which it failed, and what that set going, as far as their samples are kept."""
    if stored.trace is None:
        return []
    found = TransactionSample.objects.select_related("group").filter(
        trace=bytes(stored.trace), group__project__in=visible_projects(viewer)
    )
    return list(found.order_by("at")[:_TRANSACTIONS])

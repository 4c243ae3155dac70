"""Feedback read: the inbox, and what belongs to an issue or an event. Never with the address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from monitor.access.permissions import Someone, visible_projects
from monitor.feedback.models import Feedback, Status
from monitor.issues.models import Issue
from monitor.projects.models import Project


def of_issue(issue: Issue) -> QuerySet[Feedback]:
    """Newest first, spam left out."""
    return Feedback.objects.filter(issue=issue).exclude(status=Status.SPAM).order_by("-received", "-pk")


def of_event(uid: bytes) -> QuerySet[Feedback]:
    """Of the event with this id, 16 bytes; also of one that never came."""
    return Feedback.objects.filter(event_uid=uid).exclude(status=Status.SPAM).order_by("-received", "-pk")


def inbox(
    projects: Iterable[Project], *, status: str = Status.OPEN, environment: str = "", words: str = ""
) -> QuerySet[Feedback]:
    """Newest first. All of `words` must stand in the message, the name or the address of the page; or they are the id
    of the feedback, the event or the error."""
    found = Feedback.objects.filter(project__in=projects).select_related("project", "issue", "issue__project")
    if status:
        found = found.filter(status=status)
    if environment:
        found = found.filter(environment=environment)
    uid = _uid(words)
    if uid is not None:
        found = found.filter(Q(uid=uid) | Q(event_uid=uid) | Q(error_id=words))
    else:
        for word in words.split():
            found = found.filter(
                Q(message__icontains=word)
                | Q(name__icontains=word)
                | Q(url__icontains=word)
                | Q(error_id=word)
            )
    return found.order_by("-received", "-pk")


def feedback_for(user: Someone, pk: int) -> Feedback:
    """Raises Http404 for a stranger as for feedback that does not exist."""
    found = Feedback.objects.filter(pk=pk, project__in=visible_projects(user))
    feedback = found.select_related("project", "issue", "issue__project").first()
    if feedback is None:
        raise Http404(f"You have no feedback {pk}.")
    return feedback


def chosen(projects: QuerySet[Project], ids: list[int]) -> list[Feedback]:
    """Of these projects only."""
    return list(Feedback.objects.filter(pk__in=ids, project__in=projects).select_related("project"))


def numbers(projects: Iterable[Project]) -> Counter[str]:
    """How much there is of each status."""
    rows = Feedback.objects.filter(project__in=projects).values("status").annotate(number=Count("pk"))
    return Counter({row["status"]: row["number"] for row in rows})


def _uid(words: str) -> bytes | None:
    digits = words.replace("-", "")
    try:
        return bytes.fromhex(digits) if len(digits) == 32 else None
    except ValueError:
        return None

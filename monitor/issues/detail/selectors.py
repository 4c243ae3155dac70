"""What stands around an issue: who may see it, what is like it, what was done with it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import Http404

from monitor.access.models import Role, User
from monitor.access.permissions import Someone, visible_projects
from monitor.issues.models import Activity, Issue, IssueHash, IssueUser, StoredEvent

SIMILAR = 5
_ACTIVITIES = 200
_USERS = 12
OF_TRACE = 8
_KNOWN_ERRORS = 3


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
    """Others of the project with the same type, or, of messages, the same title: other causes under one name."""
    alike = Q(type=issue.type) if issue.type else Q(type="", title=issue.title)
    others = Issue.objects.filter(alike, project=issue.project_id).exclude(pk=issue.pk)
    found = list(others.order_by("-last_seen")[:SIMILAR])
    for one in found:
        one.project = issue.project
    return found


def known_errors_like(issue: Issue) -> list[Issue]:
    """Other issues of the same type, or title, whose known error is written down: it may be the same again."""
    noted = Issue.objects.filter(project=issue.project_id, known_error__gt="").exclude(pk=issue.pk)
    alike = Q(type=issue.type) if issue.type else Q(type="", title=issue.title)
    found = list(noted.filter(alike).order_by("-last_seen")[:_KNOWN_ERRORS])
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
    """Who may see the project and change something in it."""
    return (
        User.objects.filter(is_active=True)
        .filter(Q(role=Role.ADMIN) | Q(role=Role.MEMBER, projects=issue.project_id))
        .distinct()
        .order_by("name", "email")
    )


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

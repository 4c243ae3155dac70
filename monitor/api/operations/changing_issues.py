"""Issues resolved, ignored, assigned, merged, commented and deleted: one, or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

from monitor.access.models import User
from monitor.api.calls import Answer, Call
from monitor.api.errors import field_error, not_found
from monitor.api.operations.issues import both_addresses, detailed, found
from monitor.api.parameters import number_in
from monitor.api.routing import operation
from monitor.api.schemas import define
from monitor.api.shapes import issue as shapes
from monitor.issues import services
from monitor.issues.models import Activity, Issue
from monitor.issues.orders import FEW, MANY
from monitor.projects.models import Project

_WRITE = ("event:write",)
_ADMIN = ("event:admin",)
_COUNT_MAX = 10**9
_MINUTES_MAX = 60 * 24 * 3660
define(
    "StatusDetails",
    {
        "inRelease?": "str", "inNextRelease?": "bool", "ignoreDuration?": "int?", "ignoreCount?": "int?",
        "ignoreUntilEscalating?": "bool",
    },
)  # fmt: skip
_CHANGES = {
    "status?": "=resolved|resolvedInNextRelease|unresolved|ignored|muted", "statusDetails?": "StatusDetails?",
    "ignoreDuration?": "int?", "assignedTo?": "str?", "substatus?": "str?", "hasSeen?": "bool", "isBookmarked?": "bool",
    "isSubscribed?": "bool", "isPublic?": "bool", "inbox?": "bool",
}  # fmt: skip
CHANGED_ISSUE = define("ChangedIssue", _CHANGES)
CHANGED_ISSUES = define("ChangedIssues", {**_CHANGES, "merge?": "bool"})
CHANGE = define(
    "Change",
    {
        "status?": "str",
        "statusDetails?": "object",
        "isPublic": "bool",
        "assignedTo?": "Actor?",
        "merge?": "object",
    },
)
NEW_COMMENT = define("NewComment", {"text": "str"})
_EFFECTS = ("status", "assignedTo", "merge", "ignoreDuration")
_UNKEPT = ("hasSeen", "isBookmarked", "isSubscribed", "isPublic", "inbox", "substatus", "statusDetails")


def change(call: Call, issues: Sequence[Issue]) -> dict[str, Any]:
    """What the body says; gives what was said, as Sentry's answer has it. Raises ApiError, ActionError."""
    body = call.body
    if not any(name in body for name in (*_EFFECTS, *_UNKEPT)):
        raise field_error("body", "Nothing to change: give status, assignedTo or merge.")
    if body.get("merge"):
        call.require(*_ADMIN)
    said: dict[str, Any] = {"isPublic": False}
    to = _assignee(body["assignedTo"]) if "assignedTo" in body else None
    with transaction.atomic():
        return said | _carry_out(call, issues, body, to)


def _carry_out(call: Call, issues: Sequence[Issue], body: dict[str, Any], to: User | None) -> dict[str, Any]:
    """All of it, or nothing."""
    said: dict[str, Any] = {}
    if "status" in body or "ignoreDuration" in body:
        said |= _set_status(call, issues, body)
    if "assignedTo" in body:
        services.assign(issues, call.token, to)
        said["assignedTo"] = (
            {"type": "user", "id": str(to.pk), "name": str(to), "email": to.email} if to else None
        )
    if body.get("merge"):
        into = services.merge(issues, call.token)
        said["merge"] = {
            "parent": str(into.pk),
            "children": [str(one.pk) for one in issues if one.pk != into.pk],
        }
    return said


def _set_status(call: Call, issues: Sequence[Issue], body: dict[str, Any]) -> dict[str, Any]:
    details = body.get("statusDetails") or {}
    status = body.get("status", "ignored")
    if status == "unresolved":
        services.unresolve(issues, call.token)
        return {"status": "unresolved", "statusDetails": {}}
    if status in ("ignored", "muted"):
        minutes = details.get("ignoreDuration") or body.get("ignoreDuration")
        count = details.get("ignoreCount")
        escalating = (
            bool(details.get("ignoreUntilEscalating")) or body.get("substatus") == "archived_until_escalating"
        )
        _require_between("statusDetails.ignoreDuration", minutes, _MINUTES_MAX)
        _require_between("statusDetails.ignoreCount", count, _COUNT_MAX)
        until = call.now + timedelta(minutes=minutes) if minutes else None
        services.ignore(issues, call.token, until=until, times=count or None, until_escalating=escalating)
        return {"status": "ignored", "statusDetails": details}
    in_next = status == "resolvedInNextRelease" or bool(details.get("inNextRelease"))
    services.resolve(issues, call.token, in_release=details.get("inRelease") or None, in_next_release=in_next)
    return {"status": "resolved", "statusDetails": details}


def _require_between(name: str, value: int | None, most: int) -> None:
    if value is not None and not 0 <= value <= most:
        raise field_error(name, f"This is {value}; it must be from 1 to {most:,}.")


def _assignee(name: str | None) -> User | None:
    """`user:12`, `12` or an address; nothing means nobody."""
    wanted = (name or "").strip().lower()
    if not wanted:
        return None
    if wanted.startswith("team:"):
        raise field_error("assignedTo", "There are no teams here: give user:<number> or an address.")
    number = number_in(wanted.removeprefix("user:"))
    users = User.objects.filter(is_active=True)
    to = users.filter(email=wanted).first() if number is None else users.filter(pk=number).first()
    if to is None:
        raise field_error("assignedTo", f"There is no user {wanted[:60]}: give user:<number> or an address.")
    return to


def _chosen(call: Call, projects: Sequence[Project], most: int) -> list[Issue]:
    """By `id`, or all that `query` finds. Without either nothing is done: all issues are nobody's wish."""
    ids = [one for one in call.request.GET.getlist("id") if one]
    numbers = [number for one in ids if (number := number_in(one)) is not None]
    if len(numbers) < len(ids):
        raise field_error("id", "It must be the number of an issue; several: ?id=1&id=2.")
    if not ids and not call.query("query"):
        raise field_error("id", "Say which issues: ?id=1&id=2, or ?query=….")
    if ids:
        issues = Issue.objects.filter(pk__in=numbers[: most + 1], project__in=projects)
    else:
        issues = found(call, projects, call.query("query"))
    rows = list(issues.select_related("project").order_by("pk")[: most + 1])
    if len(rows) > most:
        raise field_error(
            "query", f"These are more than {most:,} issues, the most for one call: narrow the search."
        )
    if not rows:
        raise not_found("There are no such issues, or not for you.")
    return rows


def _bulk(call: Call, projects: Sequence[Project]) -> Any:
    most = FEW["merge"] if call.body.get("merge") else MANY
    return change(call, _chosen(call, projects, most))


def _bulk_delete(call: Call, projects: Sequence[Project]) -> Any:
    services.delete(_chosen(call, projects, FEW["delete"]), call.token)
    return None


_BULK_QUERY = ("id", "query", "environment")
_OF_PROJECT = "projects/{organization_id_or_slug}/{project_id_or_slug}/issues/"
_OF_ORGANIZATION = "organizations/{organization_id_or_slug}/issues/"


@operation(
    "PUT",
    _OF_PROJECT,
    scopes=_WRITE,
    summary="Change many issues of a project at once",
    answer=CHANGE,
    body=CHANGED_ISSUES,
    query=_BULK_QUERY,
)
def change_project_issues(call: Call, project: Project) -> Any:
    return _bulk(call, [project])


@operation(
    "PUT",
    _OF_ORGANIZATION,
    scopes=_WRITE,
    summary="Change many issues at once",
    answer=CHANGE,
    body=CHANGED_ISSUES,
    query=("project", *_BULK_QUERY),
)
def change_issues(call: Call) -> Any:
    return _bulk(call, call.projects)


@operation(
    "DELETE",
    _OF_PROJECT,
    scopes=_ADMIN,
    summary="Delete issues of a project",
    answer=None,
    status=204,
    query=_BULK_QUERY,
)
def delete_project_issues(call: Call, project: Project) -> Any:
    return _bulk_delete(call, [project])


@operation(
    "DELETE",
    _OF_ORGANIZATION,
    scopes=_ADMIN,
    summary="Delete issues",
    answer=None,
    status=204,
    query=("project", *_BULK_QUERY),
)
def delete_issues(call: Call) -> Any:
    return _bulk_delete(call, call.projects)


def _change_one(call: Call, issue: Issue) -> Any:
    change(call, [issue])
    return detailed(call, Issue.objects.select_related("project", "assigned_to").get(pk=issue.pk))


def _delete_one(call: Call, issue: Issue) -> Any:
    services.delete([issue], call.token)
    return Answer(status=202)


def _comments(call: Call, issue: Issue) -> Any:
    rows = issue.activities.filter(kind="comment").select_related("user").order_by("-at", "-pk")
    return call.shaped(rows, shapes.activity)


def _comment(call: Call, issue: Issue) -> Any:
    return shapes.activity(services.comment(issue, call.token, call.body["text"].replace("\0", "")))


def _one_comment(call: Call, issue: Issue, note_id: str) -> Any:
    one = (
        Activity.objects.filter(issue=issue, kind="comment", pk=number_in(note_id) or 0)
        .select_related("user")
        .first()
    )
    if one is None:
        raise not_found(f"{issue.short_id} has no comment {note_id[:40]}.")
    return shapes.activity(one)


both_addresses(
    "PUT",
    "",
    "change",
    _change_one,
    scopes=_WRITE,
    summary="Change an issue",
    answer="DetailedIssue",
    body=CHANGED_ISSUE,
)
both_addresses(
    "DELETE", "", "delete", _delete_one, scopes=_ADMIN, summary="Delete an issue", answer=None, status=202
)
for _path in ("comments/", "notes/"):
    _word = _path.rstrip("/")
    both_addresses(
        "GET",
        _path,
        f"list_{_word}",
        _comments,
        scopes=("event:read",),
        summary="Comments on an issue",
        answer="[Activity]",
        query=("cursor", "per_page"),
    )
    both_addresses(
        "POST",
        _path,
        f"add_{_word}",
        _comment,
        scopes=_WRITE,
        summary="Comment on an issue",
        answer="Activity",
        status=201,
        body=NEW_COMMENT,
    )
    both_addresses(
        "GET",
        f"{_path}{{note_id}}/",
        f"one_{_word}",
        _one_comment,
        scopes=("event:read",),
        summary="A comment",
        answer="Activity",
    )

"""Issues read: lists and searches, one of them, its tags, hashes and activity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, Sum

from monitor.api.calls import Call
from monitor.api.errors import not_found
from monitor.api.named import issue_called
from monitor.api.routing import operation
from monitor.api.schemas import define
from monitor.api.shapes import issue as shapes
from monitor.feedback.models import Feedback
from monitor.issues.detail import selectors
from monitor.issues.detail.tags import shares_of
from monitor.issues.models import Issue, IssueTag
from monitor.issues.search import Scope, search
from monitor.issues.sorting import SORTS, in_order
from monitor.projects.models import Project

SORT_NAMES = {
    "date": "last_seen",
    "new": "first_seen",
    "freq": "events",
    "user": "users",
    "severity": "severity",
}
"""Sentry's names, and one of ours."""
READ = ("event:read",)
LIST_QUERY = (
    "query", "sort", "environment", "statsPeriod", "start", "end", "groupStatsPeriod", "cursor", "limit", "per_page",
)  # fmt: skip
_OF_ORGANIZATION = "organizations/{organization_id_or_slug}/issues/"
_TOP_VALUES = 10
RESOLVED_SHORT_ID = define(
    "ResolvedShortId",
    {"organizationSlug": "str", "projectSlug": "str", "groupId": "str", "shortId": "str", "group": "Issue"},
)


def found(call: Call, projects: Sequence[Project], text: str) -> QuerySet[Issue]:
    """What the search finds, in no order; raises SearchError."""
    scope = Scope(
        call.user,
        projects=list(projects),
        choices=None,
        environment=call.query("environment"),
        now=call.now.timestamp(),
    )
    issues = search(text, scope)
    if call.period is not None:
        start, end = call.period
        issues = issues.filter(Q(last_seen__gte=start), Q(first_seen__lte=end))
    return issues


def _page(call: Call, projects: Sequence[Project], period: str) -> list[Any]:
    issues = found(call, projects, call.query("query", "is:unresolved"))
    ids = call.paged(
        in_order(issues, SORTS[SORT_NAMES[call.choice("sort", "date")]]).values_list("pk", flat=True)
    )
    by_id = Issue.objects.select_related("project", "assigned_to").in_bulk(ids)
    rows = [by_id[pk] for pk in ids if pk in by_id]
    stats, comments = shapes.stats_of(rows, period, call.now), shapes.comments_of(rows)
    return [shapes.listed_issue(one, stats.get(one.pk, {}), comments.get(one.pk, 0)) for one in rows]


@operation(
    "GET",
    _OF_ORGANIZATION,
    scopes=READ,
    summary="Issues of all projects, or of some; unresolved ones without a query",
    answer=f"[{shapes.LISTED_ISSUE}]",
    query=("project", *LIST_QUERY),
)
def list_issues(call: Call) -> Any:
    return _page(call, call.projects, call.choice("groupStatsPeriod", "24h"))


@operation(
    "GET",
    "projects/{organization_id_or_slug}/{project_id_or_slug}/issues/",
    scopes=READ,
    summary="Issues of a project; unresolved ones without a query",
    answer=f"[{shapes.LISTED_ISSUE}]",
    query=LIST_QUERY,
)
def list_project_issues(call: Call, project: Project) -> Any:
    return _page(call, [project], call.choice("groupStatsPeriod", "24h"))


def detailed(call: Call, issue: Issue) -> dict[str, Any]:
    """All of one issue."""
    stats = {
        period: values
        for name in ("24h", "14d")
        for period, values in shapes.stats_of([issue], name, call.now)[issue.pk].items()
    }
    comments = shapes.comments_of([issue]).get(issue.pk, 0)
    return {
        **shapes.issue(issue, {"24h": stats["24h"], "30d": [], "14d": stats["14d"]}, comments),
        "activity": [shapes.activity(one) for one in selectors.activities_of(issue)],
        "tags": [
            {
                "key": one.key,
                "name": one.key,
                "totalValues": sum(value.times for value in one.values) + one.further_times,
                "uniqueValues": len(one.values) + one.further,
            }
            for one in shares_of(issue)
        ],
        "firstRelease": {"version": issue.first_release} if issue.first_release else None,
        "lastRelease": {"version": issue.last_release} if issue.last_release else None,
        "userReportCount": Feedback.objects.filter(issue=issue).count(),
        "participants": [],
        "seenBy": [],
        "pluginActions": [],
        "pluginContexts": [],
        "pluginIssues": [],
        "knownError": issue.known_error,
    }


@operation(
    "GET", f"{_OF_ORGANIZATION}{{issue_id}}/", scopes=READ, summary="An issue", answer=shapes.DETAILED_ISSUE
)
def issue(call: Call, issue: Issue) -> Any:
    return detailed(call, issue)


@operation(
    "GET", "issues/{issue_id}/", scopes=READ, summary="An issue, as an older form", answer="DetailedIssue"
)
def issue_by_number(call: Call, issue: Issue) -> Any:
    return detailed(call, issue)


@operation(
    "GET",
    "organizations/{organization_id_or_slug}/shortids/{issue_id}/",
    scopes=READ,
    summary="The issue that a short id such as HYDROML-12 names",
    answer=RESOLVED_SHORT_ID,
)
def resolve_short_id(call: Call, issue: Issue) -> Any:
    stats = shapes.stats_of([issue], "24h", call.now)[issue.pk]
    return {
        "organizationSlug": settings.ORGANIZATION,
        "projectSlug": issue.project.slug,
        "groupId": str(issue.pk),
        "shortId": issue.short_id,
        "group": shapes.issue(issue_called(call.user, str(issue.pk)), stats, 0),
    }


def _hashes(call: Call, issue: Issue) -> Any:
    return call.shaped(selectors.hashes_of(issue), shapes.issue_hash)


def _tag(call: Call, issue: Issue, key: str) -> Any:
    rows = IssueTag.objects.filter(issue=issue, tag__key=key).select_related("tag").order_by("-times", "tag")
    top = list(rows[:_TOP_VALUES])
    if not top:
        raise not_found(f"No event of {issue.short_id} had a tag {key[:60]}.")
    return {
        "key": key,
        "name": key,
        "uniqueValues": rows.count(),
        "totalValues": rows.aggregate(total=Sum("times"))["total"],
        "topValues": [shapes.tag_value(one) for one in top],
    }


def _tag_values(call: Call, issue: Issue, key: str) -> Any:
    rows = IssueTag.objects.filter(issue=issue, tag__key=key).select_related("tag").order_by("-times", "tag")
    return call.shaped(rows, shapes.tag_value)


def _activities(call: Call, issue: Issue) -> Any:
    return {"activity": [shapes.activity(one) for one in selectors.activities_of(issue)]}


define("Activities", {"activity": f"[{shapes.ACTIVITY}]"})
_PAGES = ("cursor", "per_page")
_OF_ISSUE = (
    ("hashes", "hashes/", _hashes, "What of its events was the same", f"[{shapes.HASH}]", _PAGES),
    ("tag", "tags/{key}/", _tag, "How often each value of a tag", shapes.TAG, ()),
    ("tag_values", "tags/{key}/values/", _tag_values, "All values of a tag", f"[{shapes.TAG_VALUE}]", _PAGES),
    ("activities", "activities/", _activities, "What was done with it", "Activities", ()),
)


def both_addresses(
    method: str, path: str, name: str, handler: Any, *, scopes: tuple[str, ...], summary: str, **rest: Any
) -> None:
    """Sentry has most of what belongs to an issue at two addresses."""

    def of_organization(call: Call, **given: Any) -> Any:
        return handler(call, **given)

    def by_number(call: Call, **given: Any) -> Any:
        return handler(call, **given)

    for made, prefix, of_name, words in (
        (of_organization, f"{_OF_ORGANIZATION}{{issue_id}}/", f"issue_{name}", summary),
        (by_number, "issues/{issue_id}/", f"issue_{name}_by_number", f"{summary}, as an older form"),
    ):
        made.__name__, made.__module__ = of_name, handler.__module__
        operation(method, f"{prefix}{path}", scopes=scopes, summary=words, **rest)(made)


for _name, _path, _handler, _summary, _answer, _query in _OF_ISSUE:
    both_addresses("GET", _path, _name, _handler, scopes=READ, summary=_summary, answer=_answer, query=_query)

"""Issues, what was done with them, and their tags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.urls import reverse

from monitor.api.schemas import define
from monitor.api.shapes.organization import ACTOR, actor, user
from monitor.api.shapes.times import iso, iso_or_none
from monitor.issues.detail.activity_words import told
from monitor.issues.listing import trends_of
from monitor.issues.models import Activity, Issue, IssueHash, IssueTag, Status, Substatus

Json = dict[str, Any]
_FIELDS = {
    "id": "str", "shareId": "str?", "shortId": "str", "title": "str", "culprit": "str?", "permalink": "str",
    "logger": "str?", "level": "str", "status": "=resolved|unresolved|ignored", "statusDetails": "object",
    "substatus": "str?", "isPublic": "bool", "platform": "str?", "priority": "str?",
    "priorityLockedAt": "date?", "project": "ProjectOfIssue",
    "type": "str", "issueType": "str", "issueCategory": "str", "metadata": "object", "numComments": "int",
    "assignedTo": f"{ACTOR}?", "isBookmarked": "bool", "isSubscribed": "bool", "subscriptionDetails": "object?",
    "hasSeen": "bool", "annotations": "[object]", "isUnhandled": "bool", "count": "str", "userCount": "int",
    "firstSeen": "date", "lastSeen": "date", "stats": "object", "severity": "str?", "category": "str?",
    "derivedData": "object", "seerFixabilityScore": "num?", "seerAutofixLastTriggered": "date?",
    "seerExplorerAutofixLastTriggered": "date?",
}  # fmt: skip
define("ProjectOfIssue", {"id": "str", "name": "str", "slug": "str", "platform": "str?"})
ISSUE = define("Issue", _FIELDS)
LISTED_ISSUE = define(
    "ListedIssue",
    {
        **_FIELDS, "lifetime": "object", "filtered": "object?", "sessionCount": "int", "inbox": "object", "owners": "object",
        "integrationIssues": "[object]", "sentryAppIssues": "[object]", "latestEventHasAttachments": "bool",
        "matchingEventId": "str?", "matchingEventEnvironment": "str?",
    },
)  # fmt: skip
DETAILED_ISSUE = define(
    "DetailedIssue",
    {
        **_FIELDS, "activity": "[Activity]", "tags": "[object]", "firstRelease": "object?", "lastRelease": "object?",
        "userReportCount": "int", "participants": "[User]", "seenBy": "[User]", "pluginActions": "[object]",
        "pluginContexts": "[object]", "pluginIssues": "[object]", "knownError": "str",
    },
)  # fmt: skip
ACTIVITY = define(
    "Activity",
    {"id": "str", "type": "str", "user": "User?", "data": "object", "dateCreated": "date", "text": "str"},
)
HASH = define(
    "Hash",
    {
        "id": "str",
        "latestEvent": "object?",
        "mergedBySeer": "bool",
        "seerMatchDistance": "num?",
        "method": "str",
    },
)
TAG_VALUE = define(
    "TagValue",
    {
        "key": "str", "name": "str", "value": "str", "count": "int", "lastSeen": "date?", "firstSeen": "date?",
        "query": "str?",
    },
)  # fmt: skip
TAG = define(
    "Tag",
    {"key": "str", "name": "str", "uniqueValues": "int", "totalValues": "int", "topValues": "[TagValue]"},
)
_LEVELS = frozenset({"debug", "info", "warning", "error", "fatal"})
_PRIORITIES = {"P0": "high", "P1": "high", "P2": "medium", "P3": "low", "P4": "low"}
_DERIVED: Json = {
    # Of Sentry's assistant, which the monitor has not.
    "blocker": "", "progress": "", "status": "", "viewCount": 0, "hasOpenFixPr": False, "isAssigned": False,
    "hasRootCause": False, "lastCompletedAutofixStep": "", "lastProgressedAt": None,
}  # fmt: skip
_PERIODS = {"24h": 86_400, "14d": 14 * 86_400}
_ACTIVITY_TYPES = {
    "comment": "note", "first_seen": "first_seen", "resolved": "set_resolved", "unresolved": "set_unresolved",
    "regressed": "set_regression", "ignored": "set_ignored", "unignored": "set_escalating", "assigned": "assigned",
    "merged": "merge", "unmerged": "unmerge_source",
}  # fmt: skip


def stats_of(issues: Sequence[Issue], period: str, until: datetime) -> dict[int, Json]:
    """`{"24h": [[seconds, events], …]}` of each issue; of 14 days in steps of twelve hours."""
    length = _PERIODS.get(period)
    if length is None:
        return {issue.pk: {} for issue in issues}
    trends = trends_of([issue.pk for issue in issues], length, until)
    hours = length // 3600
    step = 1 if hours <= 24 else -(-hours // 30)
    last = int(until.timestamp() // 3600)
    return {
        pk: {
            period: [
                [(last - len(trend) * step + 1 + place * step) * 3600, times]
                for place, times in enumerate(trend)
            ]
        }
        for pk, trend in trends.items()
    }


def comments_of(issues: Sequence[Issue]) -> dict[int, int]:
    rows = Activity.objects.filter(issue__in=[one.pk for one in issues], kind="comment").order_by()
    return dict(rows.values_list("issue").annotate(Count("pk")))


def issue(of: Issue, stats: Json, comments: int) -> Json:
    """`project` and `assigned_to` have to be there."""
    metadata: Json = {"type": of.type, "value": of.value, "filename": ""} if of.type else {"title": of.title}
    return {
        "id": str(of.pk),
        "shareId": None,
        "shortId": of.short_id,
        "title": of.title,
        "culprit": of.culprit,
        "permalink": settings.PUBLIC_URL + reverse("issues:detail", args=[of.pk]),
        "logger": of.logger or None,
        "level": of.level if of.level in _LEVELS else "error",
        "status": of.status,
        "statusDetails": _status_details(of),
        "substatus": _substatus(of),
        "isPublic": False,
        "platform": of.platform or None,
        "priority": _PRIORITIES.get(of.severity),
        "priorityLockedAt": None,
        "project": {
            "id": str(of.project_id),
            "name": of.project.name,
            "slug": of.project.slug,
            "platform": of.project.platform,
        },
        "type": "error" if of.type else "default",
        "issueType": "error",
        "issueCategory": "error",
        "metadata": metadata,
        "numComments": comments,
        "assignedTo": actor(of.assigned_to) if of.assigned_to else None,
        "isBookmarked": False,
        "isSubscribed": False,
        "subscriptionDetails": None,
        "hasSeen": False,
        "annotations": [],
        "isUnhandled": of.handled is False,
        "count": str(of.times),
        "userCount": of.users,
        "firstSeen": iso(of.first_seen),
        "lastSeen": iso(of.last_seen),
        "stats": stats,
        "severity": of.severity or None,
        "category": of.category or None,
        "derivedData": {**_DERIVED, "isAssigned": of.assigned_to_id is not None},
        "seerFixabilityScore": None,
        "seerAutofixLastTriggered": None,
        "seerExplorerAutofixLastTriggered": None,
    }


def listed_issue(of: Issue, stats: Json, comments: int) -> Json:
    """In a list, with what Sentry puts beside it."""
    return {
        **issue(of, stats, comments),
        "lifetime": {
            "count": str(of.times),
            "userCount": of.users,
            "firstSeen": iso(of.first_seen),
            "lastSeen": iso(of.last_seen),
        },
        "filtered": None,
        "sessionCount": 0,
        "inbox": {"reason": 0, "reason_details": None, "date_added": iso(of.first_seen)},
        "owners": {"type": "", "owner": "", "date_added": iso(of.first_seen)},
        "integrationIssues": [],
        "sentryAppIssues": [],
        "latestEventHasAttachments": False,
        "matchingEventId": None,
        "matchingEventEnvironment": None,
    }


def _status_details(of: Issue) -> Json:
    found: Json = {}
    if of.status == Status.RESOLVED:
        if of.resolved_in_release:
            found["inRelease"] = of.resolved_in_release
        if of.resolved_in_next_release:
            found["inNextRelease"] = True
    if of.status == Status.IGNORED:
        if of.ignored_until:
            found["ignoreUntil"] = iso(of.ignored_until)
        if of.ignored_until_times is not None:
            found["ignoreCount"] = max(of.ignored_until_times - of.times, 0)
    return found


def _substatus(of: Issue) -> str | None:
    if of.status == Status.RESOLVED:
        return None
    if of.status == Status.IGNORED:
        if of.ignored_until_rate is not None:
            return "archived_until_escalating"
        conditional = of.ignored_until is not None or of.ignored_until_times is not None
        return "archived_until_condition_met" if conditional else "archived_forever"
    return of.substatus if of.substatus in Substatus.values else "ongoing"


def activity(of: Activity) -> Json:
    words = told(of)
    return {
        "id": str(of.pk),
        "type": _ACTIVITY_TYPES.get(of.kind, of.kind),
        "user": user(of.user) if of.user else None,
        "data": of.data if isinstance(of.data, dict) else {},
        "dateCreated": iso(of.at),
        "text": words.comment or words.words,
    }


def issue_hash(of: IssueHash) -> Json:
    return {
        "id": of.hash,
        "latestEvent": None,
        "mergedBySeer": False,
        "seerMatchDistance": None,
        "method": of.method,
    }


def tag_value(of: IssueTag) -> Json:
    """`tag` has to be there."""
    return {
        "key": of.tag.key,
        "name": of.tag.value,
        "value": of.tag.value,
        "count": of.times,
        "lastSeen": iso_or_none(of.last_seen),
        "firstSeen": iso_or_none(of.first_seen),
        "query": f'{of.tag.key}:"{of.tag.value}"',
    }

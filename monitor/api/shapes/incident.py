"""Incidents, episodes of alert rules, and notifications. Shapes of our own: Sentry publishes none that fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from monitor.alerts.models import Episode, Notification
from monitor.api.schemas import define
from monitor.api.shapes.organization import actor
from monitor.api.shapes.times import iso, iso_or_none
from monitor.incidents.models import Incident, State, TimelineEntry
from monitor.issues.models import Issue

Json = dict[str, Any]
define(
    "IssueOfIncident", {"id": "str", "shortId": "str", "title": "str", "category": "str", "severity": "str"}
)
define(
    "NotificationInBrief", {"id": "str", "channel": "str", "kind": "str", "state": "str", "sentAt": "date?"}
)
NOTIFICATION = define(
    "Notification",
    {
        "id": "str", "channel": "str", "kind": "str", "title": "str", "severity": "str", "thread": "str",
        "recipients": "[str]", "state": "=waiting|sent|failed|withdrawn", "attempts": "int", "problem": "str",
        "answer": "object", "createdAt": "date", "sentAt": "date?", "alert": "str?", "incident": "int?",
    },
)  # fmt: skip
ALERT = define(
    "Alert",
    {
        "id": "str", "rule": "str", "key": "str", "title": "str", "severity": "str", "project": "str",
        "environment": "str", "release": "str", "isOpen": "bool", "beganAt": "date", "firstEventAt": "date?",
        "endedAt": "date?", "value": "num", "worst": "num", "issues": "[str]", "events": "[str]",
        "incident": "int?", "useful": "bool?", "notifications": "[NotificationInBrief]",
    },
)  # fmt: skip
INCIDENT = define(
    "Incident",
    {
        "id": "str", "number": "int", "title": "str", "severity": "str",
        "state": f"={'|'.join(State.values)}", "isOpen": "bool",
        "project": "str?", "environment": "str", "rule": "str", "category": "str", "release": "str",
        "runbook": "str", "owner": "Actor?", "startedAt": "date", "detectedAt": "date", "acknowledgedAt": "date?",
        "mitigatedAt": "date?", "resolvedAt": "date?", "reviewedAt": "date?", "resolvedByAlerts": "bool",
        "recurrenceOf": "int?", "isPublic": "bool", "issues": "[IssueOfIncident]", "alerts": "[str]",
        "notifications": "[NotificationInBrief]",
    },
)  # fmt: skip
define("TimelineEntry", {"at": "date", "kind": "str", "text": "str", "user": "str?", "details": "object"})
INCIDENT_WITH_TIMELINE = define(
    "IncidentWithTimeline", {"incident": "Incident", "timeline": "[TimelineEntry]"}
)
CHANGED_INCIDENT = define(
    "ChangedIncident",
    {
        "state?": "=acknowledged|investigating|mitigated|resolved|reopened",
        "severity?": "=P0|P1|P2|P3|P4",
        "note?": "str",
    },
)


def notification(of: Notification) -> Json:
    """`incident` has to be there."""
    return {
        **_brief(of),
        "title": str(of.message.get("title", "")),
        "severity": str(of.message.get("severity", "")),
        "thread": str(of.message.get("thread", "")),
        "recipients": of.recipients,
        "attempts": of.attempts,
        "problem": of.problem,
        "answer": of.answer,
        "createdAt": iso(of.created_at),
        "alert": None if of.episode_id is None else str(of.episode_id),
        "incident": None if of.incident is None else of.incident.number,
    }


def _brief(of: Notification) -> Json:
    return {
        "id": str(of.pk),
        "channel": of.channel,
        "kind": of.kind,
        "state": of.state,
        "sentAt": iso_or_none(of.sent_at),
    }


def alerts(episodes: Sequence[Episode]) -> list[Json]:
    """`project` and `incident` have to be there. One query for the notifications of all."""
    told = defaultdict(list)
    for one in Notification.objects.filter(episode__in=episodes).order_by("pk"):
        told[one.episode_id].append(_brief(one))
    return [_alert(one, told[one.pk]) for one in episodes]


def _alert(of: Episode, told: list[Json]) -> Json:
    return {
        "id": str(of.pk),
        "rule": of.rule,
        "key": of.key,
        "title": of.title,
        "severity": of.severity,
        "project": of.project.slug,
        "environment": of.environment,
        "release": of.release,
        "isOpen": of.is_open,
        "beganAt": iso(of.began_at),
        "firstEventAt": iso_or_none(of.first_event_at),
        "endedAt": iso_or_none(of.ended_at),
        "value": of.value,
        "worst": of.worst,
        "issues": [str(one) for one in of.issues],
        "events": [str(one) for one in of.events],
        "incident": None if of.incident is None else of.incident.number,
        "useful": of.useful,
        "notifications": told,
    }


def incidents(found: Sequence[Incident]) -> list[Json]:
    """`project`, `owner` and `recurrence_of` have to be there. Three queries for all."""
    issues: dict[int, list[Json]] = defaultdict(list)
    links = Incident.issues.through.objects.filter(incident__in=found)
    for link in links.select_related("issue__project").order_by("issue_id"):
        issues[link.incident_id].append(_issue(link.issue))
    episodes: dict[int | None, list[str]] = defaultdict(list)
    ids = {one.pk for one in found}
    for pk, incident in Episode.objects.filter(incident__in=ids).order_by("pk").values_list("pk", "incident"):
        episodes[incident].append(str(pk))
    told: dict[int | None, list[Json]] = defaultdict(list)
    of_both = Notification.objects.filter(incident__in=ids) | Notification.objects.filter(
        episode__incident__in=ids
    )
    for one in of_both.select_related("episode").order_by("pk"):
        told[one.incident_id or (one.episode.incident_id if one.episode else None)].append(_brief(one))
    return [_incident(one, issues[one.pk], episodes[one.pk], told[one.pk]) for one in found]


def _issue(of: Issue) -> Json:
    return {
        "id": str(of.pk),
        "shortId": of.short_id,
        "title": of.title,
        "category": of.category,
        "severity": of.severity,
    }


def _incident(of: Incident, issues: list[Json], episodes: list[str], told: list[Json]) -> Json:
    return {
        "id": str(of.pk),
        "number": of.number,
        "title": of.title,
        "severity": of.severity,
        "state": of.state,
        "isOpen": of.is_open,
        "project": of.project.slug if of.project else None,
        "environment": of.environment,
        "rule": of.rule,
        "category": of.category,
        "release": of.release,
        "runbook": of.runbook,
        "owner": actor(of.owner) if of.owner else None,
        "startedAt": iso(of.started_at),
        "detectedAt": iso(of.detected_at),
        "acknowledgedAt": iso_or_none(of.acknowledged_at),
        "mitigatedAt": iso_or_none(of.mitigated_at),
        "resolvedAt": iso_or_none(of.resolved_at),
        "reviewedAt": iso_or_none(of.reviewed_at),
        "resolvedByAlerts": of.resolved_by_alerts,
        "recurrenceOf": of.recurrence_of.number if of.recurrence_of else None,
        "isPublic": of.is_public,
        "issues": issues,
        "alerts": episodes,
        "notifications": told,
    }


def timeline_entry(of: TimelineEntry) -> Json:
    """`user` has to be there."""
    return {
        "at": iso(of.at),
        "kind": of.kind,
        "text": of.text,
        "user": str(of.user) if of.user else None,
        "details": of.details,
    }

"""What changed around the start of an incident: deploys, releases, the strategy, other incidents. Nearest first.

Most incidents are changes that somebody made, so this stands beside the timeline: from a day before it began until now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from monitor.access.models import AuditEntry
from monitor.incidents.models import Incident
from monitor.releases.models import Deploy, Release

BEFORE = timedelta(hours=24)
_MOST = 30
_ACTIONS = ("strategy.", "key.", "project.", "rule.", "alert.muted")
"""Of the audit log: what people changed that can matter to what is seen."""


@dataclass(frozen=True, slots=True)
class Changed:
    """`seconds` from it to the incident's start: negative for what came after."""

    kind: str
    text: str
    at: datetime
    seconds: float
    url: str = ""

    @property
    def is_before(self) -> bool:
        return self.seconds >= 0

    @property
    def distance(self) -> float:
        return abs(self.seconds)


def changed_around(incident: Incident, now: datetime) -> list[Changed]:
    """At most thirty. Four queries."""
    since, until = incident.started_at - BEFORE, incident.resolved_at or now
    found = [
        *_deploys(incident, since, until),
        *_releases(incident, since, until),
        *_audited(incident, since, until),
        *_other_incidents(incident, since, until),
    ]
    return sorted(found, key=lambda one: (one.distance, one.text))[:_MOST]


def _made(incident: Incident, kind: str, text: str, at: datetime, url: str = "") -> Changed:
    return Changed(kind, text, at, (incident.started_at - at).total_seconds(), url)


def _deploys(incident: Incident, since: datetime, until: datetime) -> list[Changed]:
    found = Deploy.objects.filter(
        finished_at__gte=since, finished_at__lte=until, release__projects=incident.project_id
    )
    if incident.environment:
        found = found.filter(environment=incident.environment)
    return [
        _made(
            incident,
            "deploy",
            f"{one.release.version} to {one.environment}",
            one.finished_at,
            reverse("releases:detail", args=[one.release.version]),
        )
        for one in found.select_related("release")[:_MOST]
    ]


def _releases(incident: Incident, since: datetime, until: datetime) -> list[Changed]:
    found = Release.objects.filter(
        in_projects__project=incident.project_id,
        in_projects__first_seen__gte=since,
        in_projects__first_seen__lte=until,
    )
    rows = found.values_list("version", "in_projects__first_seen", "in_projects__project")
    return [
        _made(
            incident, "release", f"{version} was first seen", at, reverse("releases:detail", args=[version])
        )
        for version, at, project in rows[:_MOST]
        if project == incident.project_id and at is not None
    ]


def _audited(incident: Incident, since: datetime, until: datetime) -> list[Changed]:
    wanted = Q()
    for action in _ACTIONS:
        wanted |= Q(action__startswith=action)
    found = AuditEntry.objects.filter(wanted, at__gte=since, at__lte=until)
    found = found.filter(Q(project=incident.project_id) | Q(project__isnull=True))
    return [
        _made(incident, "setting", f"{one.action.replace('.', ' ').replace('_', ' ')}: {one.target}", one.at)
        for one in found.order_by("-at")[:_MOST]
    ]


def _other_incidents(incident: Incident, since: datetime, until: datetime) -> list[Changed]:
    found = Incident.objects.filter(
        project=incident.project_id, started_at__gte=since, started_at__lte=until
    ).exclude(pk=incident.pk)
    return [
        _made(incident, "incident", str(one), one.started_at, reverse("incidents:detail", args=[one.number]))
        for one in found.order_by("-started_at")[:_MOST]
    ]

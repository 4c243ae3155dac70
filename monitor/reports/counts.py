"""Exact counts of a stretch of time, each beside those of the stretch before: what every report begins with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, Sum
from django.urls import reverse

from monitor.alerts.models import Episode
from monitor.incidents.models import Incident
from monitor.issues.models import Issue, IssueHour, StoredEvent
from monitor.metrics.selectors import Where, error_rate
from monitor.projects.models import Project
from monitor.releases.models import Deploy, Regression, ReleaseHour
from monitor.stats.models import EventCount

Json = dict[str, Any]
LISTED = 10
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to before `until`, in seconds since 1970, and the stretch before it, of one project."""

    project: Project
    since: float
    until: float
    before_since: float

    @property
    def previous(self) -> Span:
        return Span(self.project, self.before_since, self.since, self.before_since)

    @property
    def times(self) -> tuple[datetime, datetime]:
        return datetime.fromtimestamp(self.since, UTC), datetime.fromtimestamp(self.until, UTC)

    @property
    def hours(self) -> tuple[int, int]:
        """A whole hour belongs to the stretch in which it begins."""
        return -int(-self.since // _HOUR_S), -int(-self.until // _HOUR_S)


def summary(span: Span) -> Json:
    """Requests, events, sessions and who was affected, with the figures of the stretch before."""
    now, before = _totals(span), _totals(span.previous)
    return {name: {"now": now[name], "before": before[name]} for name in now}


def _totals(span: Span) -> Json:
    where = Where([span.project.pk])
    requests = error_rate(where, span.since, span.until)
    first, last = span.hours
    sessions = ReleaseHour.objects.filter(project=span.project, hour__gte=first, hour__lt=last).aggregate(
        total=Sum("sessions"), crashed=Sum("crashed")
    )
    total = sessions["total"] or 0
    users = StoredEvent.objects.filter(
        issue__project=span.project, timestamp__gte=span.since, timestamp__lt=span.until
    )
    return {
        "requests": round(requests.total),
        "failed_requests": round(requests.bad),
        "error_rate": requests.bad_share,
        "events": sum(events_by(span, "level").values()),
        "users": users.exclude(user=None).aggregate(number=Count("user", distinct=True))["number"],
        "sessions": total,
        "crash_free": 1 - (sessions["crashed"] or 0) / total if total else None,
    }


def events_by(span: Span, column: str) -> dict[str, int]:
    """Events by category, severity or another column of EventCount; the most first."""
    rows = EventCount.objects.filter(
        project=span.project, minute__gte=span.since // 60, minute__lt=-(-span.until // 60)
    )
    found = rows.values_list(column).annotate(number=Sum("times")).order_by("-number")
    return {name or "none": number for name, number in found}


def new_issues(span: Span) -> Json:
    """First seen within it: how many, and those that happened most."""
    since, until = span.times
    found = Issue.objects.filter(project=span.project, first_seen__gte=since, first_seen__lt=until)
    return {"number": found.count(), "issues": described(found.order_by("severity", "-times")[:LISTED], span)}


def returned_issues(span: Span) -> Json:
    """Resolved ones that came back within it."""
    since, until = span.times
    pks = list(
        Regression.objects.filter(issue__project=span.project, at__gte=since, at__lt=until)
        .values_list("issue", flat=True)
        .distinct()
    )
    return {
        "number": len(pks),
        "issues": described(Issue.objects.filter(pk__in=pks[:LISTED]).order_by("severity"), span),
    }


def top_issues(span: Span) -> list[Json]:
    """Those with most events within it."""
    first, last = span.hours
    rows = (
        IssueHour.objects.filter(issue__project=span.project, hour__gte=first, hour__lt=last)
        .values("issue")
        .annotate(number=Sum("times"))
        .order_by("-number")[:LISTED]
    )
    pks = [row["issue"] for row in rows]
    found = {one["id"]: one for one in described(Issue.objects.filter(pk__in=pks), span)}
    return [found[pk] for pk in pks if pk in found]


def described(issues: Any, span: Span) -> list[Json]:
    """What a report keeps of an issue: words, and events within the stretch."""
    found = list(issues)
    first, last = span.hours
    times = dict(
        IssueHour.objects.filter(issue__in=[one.pk for one in found], hour__gte=first, hour__lt=last)
        .values_list("issue")
        .annotate(Sum("times"))
    )
    return [
        {
            "id": one.pk,
            "short_id": f"{span.project.slug.upper()}-{one.number}",
            "title": one.title,
            "culprit": one.culprit,
            "severity": one.severity,
            "category": one.category,
            "times": times.get(one.pk, 0),
            "users": one.users,
            "release": one.last_release,
        }
        for one in found
    ]


def incidents(span: Span) -> Json:
    """Those that were open at some time within it, as they stand when it is written."""
    since, until = span.times
    found = Incident.objects.filter(project=span.project, detected_at__lt=until)
    found = found.filter(Q(resolved_at=None) | Q(resolved_at__gte=since))
    opened = found.filter(detected_at__gte=since).count()
    listed = [
        {
            "number": one.number,
            "title": one.title,
            "severity": one.severity,
            "state": one.get_state_display(),
            "is_open": one.is_open,
            "detected_at": one.detected_at.timestamp(),
            "resolved_at": one.resolved_at.timestamp() if one.resolved_at else None,
        }
        for one in found.order_by("severity", "detected_at")[: 3 * LISTED]
    ]
    return {"opened": opened, "number": found.count(), "incidents": listed}


def alerts(span: Span) -> Json:
    """Rules that fired within it, the most often first, with what people said of their use."""
    since, until = span.times
    rows = (
        Episode.objects.filter(project=span.project, began_at__gte=since, began_at__lt=until)
        .values("rule", "title", "severity")
        .annotate(
            number=Count("pk"),
            # Not `useful`: that is a column.
            yes=Count("pk", filter=Q(useful=True)),
            no=Count("pk", filter=Q(useful=False)),
        )
        .order_by("-number", "rule")
    )
    listed = [
        {
            "rule": row["rule"],
            "title": row["title"],
            "severity": row["severity"],
            "number": row["number"],
            "useful": row["yes"],
            "useless": row["no"],
            "unsaid": row["number"] - row["yes"] - row["no"],
            "url": _alerts_of(span, row["rule"], row["severity"]),
        }
        for row in rows
    ]
    return {"number": sum(row["number"] for row in listed), "rules": listed}


def _alerts_of(span: Span, rule: str, severity: str) -> str:
    """The list of a rule's alerts that began within it; `&useful=` may follow."""
    told = {"rule": rule, "severity": severity, "began": "1", "project": span.project.slug}
    time = {"since": f"{span.since:.0f}", "until": f"{span.until:.0f}"}
    return f"{reverse('alerts:list')}?{urlencode({**told, **time})}"


def deploys(span: Span) -> list[Json]:
    """What went where within it."""
    since, until = span.times
    found = Deploy.objects.filter(
        release__projects=span.project, finished_at__gte=since, finished_at__lt=until
    )
    return [
        {"release": one.release.version, "environment": one.environment, "at": one.finished_at.timestamp()}
        for one in found.select_related("release").order_by("finished_at")[: 2 * LISTED]
    ]

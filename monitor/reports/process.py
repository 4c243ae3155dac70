"""What the weekly review looks at besides errors: whether the process is kept, and whether its document is true."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count

from monitor.incidents.models import Incident, State
from monitor.issues.models import Activity, Issue
from monitor.metrics.selectors import Where, sums
from monitor.reports.counts import LISTED, Json, Span, described
from monitor.site.strategy_file import current_strategy
from strategy import Strategy


def document_state(strategy: Strategy, today: date) -> Json:
    """Whether the strategy was read together within `[document] review_every`."""
    document = strategy.document
    if document is None:
        return {}
    due = document.reviewed + timedelta(seconds=document.review_every_s)
    return {
        "owner": document.owner,
        "reviewed": document.reviewed.isoformat(),
        "due": due.isoformat(),
        "days_ago": (today - document.reviewed).days,
        "is_overdue": today > due,
    }


def ignored_list(strategy: Strategy) -> list[Json]:
    """What is never sent one by one, and why: each is to be confirmed or struck."""
    return [{"class": str(one.cls), "reason": one.reason} for one in strategy.ignored]


def ignored_counts(span: Span) -> Json:
    """How many events of each category the application kept to itself within it."""
    found = sums(
        Where([span.project.pk]), "events", span.since, span.until, by=("category",), outcome="ignored"
    )
    return {category: round(number) for (category,), number in sorted(found.items())}


def overdue_reviews(span: Span) -> list[Json]:
    """Incidents whose review was due and is not complete."""
    due_s = current_strategy().incidents.review_due_s
    found = []
    waiting = Incident.objects.filter(
        project=span.project, state=State.RESOLVED, severity__in=due_s, resolved_at__lt=span.until
    )
    for one in waiting.order_by("resolved_at"):
        assert one.resolved_at is not None  # noqa: S101 - a resolved incident has a time
        due = one.resolved_at.timestamp() + due_s[one.severity]
        if due < span.until:
            found.append({"number": one.number, "title": one.title, "severity": one.severity, "due": due})
    return found


def without_rule(span: Span) -> list[Json]:
    """Incidents that people had to open by hand: no alert has told of them."""
    since, until = span.times
    found = Incident.objects.filter(
        project=span.project, rule="", detected_at__gte=since, detected_at__lt=until
    )
    return [{"number": one.number, "title": one.title, "severity": one.severity} for one in found]


def resolved_as_stale(span: Span) -> Json:
    """Issues that resolved themselves within it, because they were not seen for `[retention] stale_issue`."""
    since, until = span.times
    pks = list(
        Activity.objects.filter(
            issue__project=span.project,
            kind="resolved",
            data__has_key="not_seen_for_s",
            at__gte=since,
            at__lt=until,
        )
        .values_list("issue", flat=True)
        .distinct()
    )
    issues: Any = Issue.objects.filter(pk__in=pks[:LISTED]).order_by("severity", "pk")
    return {
        "number": len(pks),
        "after_s": current_strategy().retention.stale_issue_s,
        "issues": described(issues, span),
    }


def uncategorised(span: Span) -> list[Json]:
    """The issues that nobody has said what they are of: candidates for a row in the table of categories."""
    since, until = span.times
    found = Issue.objects.filter(
        project=span.project, category__in=("", "uncategorised"), last_seen__gte=since, first_seen__lt=until
    )
    return described(found.order_by("-times")[:LISTED], span)


def ignored_by_people(span: Span) -> Json:
    """Issues that people ignored within it, by who did."""
    since, until = span.times
    rows = Activity.objects.filter(
        issue__project=span.project, kind="ignored", at__gte=since, at__lt=until
    ).aggregate(number=Count("issue", distinct=True))
    return {"number": rows["number"]}


def local_day(at: float, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at, zone).date()

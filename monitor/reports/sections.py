"""Each kind of report, put together from its parts: one section of each project, and what is of none."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from monitor.projects.models import Project
from monitor.reports import counts, objectives, process
from monitor.reports.counts import Json, Span
from monitor.reports.decisions import decisions
from monitor.reports.models import Kind
from monitor.reports.periods import Period, before
from monitor.reports.response import response
from monitor.reports.speed import speed
from monitor.reports.triage import triage_section
from monitor.site.strategy_file import current_strategy


def section_of(project: Project, period: Period, zone: ZoneInfo) -> Json:
    """Plain JSON, complete: nothing is read again when the page is."""
    span = Span(project, period.since, period.until, before(period, zone)[0])
    about = {"project": {"id": project.pk, "slug": project.slug, "name": project.name}}
    section = _PARTS[period.kind](span)
    if period.kind != Kind.TRIAGE:
        section["decisions"] = decisions(span, section)
    return about | section


def common_of(period: Period, zone: ZoneInfo) -> Json:
    """What the weekly review says of the strategy itself."""
    if period.kind != Kind.WEEKLY:
        return {}
    strategy = current_strategy()
    return {
        "document": process.document_state(strategy, process.local_day(period.due, zone)),
        "ignored": process.ignored_list(strategy),
    }


def _daily(span: Span) -> Json:
    return {
        "summary": counts.summary(span),
        "severities": counts.events_by(span, "severity"),
        "categories": counts.events_by(span, "category"),
        "new": counts.new_issues(span),
        "returned": counts.returned_issues(span),
        "top": counts.top_issues(span),
        "speed": speed(span),
        "incidents": counts.incidents(span),
        "alerts": counts.alerts(span),
        "deploys": counts.deploys(span),
        "budgets": objectives.budgets(span),
        "volume": objectives.volume(span),
    }


def _weekly(span: Span) -> Json:
    return {
        "summary": counts.summary(span),
        "response": response(span),
        "incidents": counts.incidents(span),
        "alerts": counts.alerts(span),
        "without_rule": process.without_rule(span),
        "overdue_reviews": process.overdue_reviews(span),
        "categorised": objectives.categorised(span),
        "uncategorised": process.uncategorised(span),
        "kept_back": process.ignored_counts(span),
        "ignored_by_people": process.ignored_by_people(span),
        "stale": process.resolved_as_stale(span),
        "new": counts.new_issues(span),
        "returned": counts.returned_issues(span),
        "deploys": counts.deploys(span),
        "budgets": objectives.budgets(span),
    }


def _monthly(span: Span) -> Json:
    return {
        "summary": counts.summary(span),
        "response": response(span),
        "budgets": objectives.budgets(span),
        "incidents": counts.incidents(span),
        "alerts": counts.alerts(span),
        "categories": counts.events_by(span, "category"),
        "top": counts.top_issues(span),
        "new": counts.new_issues(span),
        "returned": counts.returned_issues(span),
        "speed": speed(span),
        "deploys": counts.deploys(span),
        "categorised": objectives.categorised(span),
        "volume": objectives.volume(span),
    }


_PARTS: dict[str, Callable[[Span], Json]] = {
    Kind.DAILY: _daily,
    Kind.TRIAGE: triage_section,
    Kind.WEEKLY: _weekly,
    Kind.MONTHLY: _monthly,
}

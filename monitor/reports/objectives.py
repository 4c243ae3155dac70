"""Objectives and the volume as they stood at the end of a report's time."""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.digest.system.coverage import coverage
from monitor.digest.system.quota import quota
from monitor.metrics.selectors import Where
from monitor.reports.counts import Json, Span
from monitor.site.strategy_file import current_strategy
from monitor.slos.selectors import objectives


def budgets(span: Span) -> list[Json]:
    """Of each objective what was kept and what is left of its budget, at the end."""
    return [
        {
            "name": one.name,
            "title": one.slo.title,
            "goal": one.goal,
            "achieved": one.achieved,
            "left": one.left,
            "state": one.state,
            "words": one.words,
        }
        for one in objectives(Where([span.project.pk]), span.until - 1)
    ]


def volume(span: Span) -> Json:
    """Errors of the month up to the end, against the quota."""
    strategy = current_strategy()
    found = quota(
        [span.project],
        strategy.retention.monthly_quota,
        now=datetime.fromtimestamp(span.until - 1, UTC),
    )
    return {
        "used": found.used,
        "quota": found.quota,
        "forecast": found.forecast,
        "full_on": found.full_on.timestamp() if found.full_on else None,
    }


def categorised(span: Span) -> Json:
    """The share of events with a category, against its goal (B6)."""
    since, until = span.times
    found = coverage([span.project], current_strategy().goals.coverage, since=since, until=until)
    return {
        "share": found.share,
        "goal": found.goal,
        "total": found.total,
        "uncategorised": found.uncategorised,
        "is_met": found.is_met,
    }

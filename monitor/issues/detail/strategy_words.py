"""What the strategy says of an issue's category and severity, in words for whoever has to act on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from monitor.issues.models import Issue
from monitor.site.quantities import span
from monitor.site.runbooks import name_of
from strategy import Strategy, load_strategy


@dataclass(frozen=True, slots=True)
class Verdict:
    """Texts are empty where the strategy says nothing, as for a category of somebody else's application.

    `runbook` is a name as `runbooks` knows it.
    """

    category: str
    category_means: str
    owner: str
    runbook: str
    severity: str
    severity_label: str
    severity_means: str
    respond: str
    resolve: str


@lru_cache(maxsize=4)
def _strategy(path: str) -> Strategy:
    return load_strategy(path or None)


def verdict_on(issue: Issue) -> Verdict:
    """By the strategy that the monitor obeys (settings.STRATEGY_FILE)."""
    strategy = _strategy(settings.STRATEGY_FILE)
    category = strategy.categories.get(issue.category)
    severity = strategy.severities.get(issue.severity)
    owner = strategy.owners.get(category.owner) if category else None
    return Verdict(
        category=issue.category,
        category_means=category.description if category else "",
        owner=owner.title if owner else "",
        runbook=name_of(category.runbook) if category else "",
        severity=issue.severity,
        severity_label=severity.label if severity else "",
        severity_means=severity.description if severity else "",
        respond=_span(severity.respond_s) if severity else "",
        resolve=_span(severity.resolve_s) if severity else "",
    )


def _span(seconds: int | None) -> str:
    return "by the weekly review" if seconds is None else f"within {span(seconds)}"

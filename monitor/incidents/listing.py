"""The list of incidents: what its address may say, and the rows and means that this gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import Avg, Count, F, FloatField, Prefetch, Q, QuerySet
from django.http import HttpRequest

from monitor.access.permissions import Someone
from monitor.incidents.duties import Duty, duties_of
from monitor.incidents.escalation import Due, next_step
from monitor.incidents.models import OPEN_STATES, Incident, State, Told
from monitor.incidents.selectors import visible_incidents
from monitor.site.filters import Filters
from monitor.site.lists import searched
from strategy import Strategy

TABS = {"open": "Open", "review": "To review", "all": "All"}
ONLY = {
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "judged": "whose time is over",
    "late": "not resolved in time",
    "returned": "that came back",
    "unowned": "without an owner",
    "overdue": "whose review is overdue",
}
"""What `?only=` may be: the lists behind the figures, and behind what a report asks for. Each fits some of the tabs."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Of the address. What it can't be counts as not said."""

    tab: str
    severity: str
    rule: str
    only: str
    words: str

    @classmethod
    def of(cls, request: HttpRequest, strategy: Strategy) -> Self:
        tab, severity, only = (request.GET.get(name, "") for name in ("state", "severity", "only"))
        return cls(
            tab=tab if tab in TABS else "open",
            severity=severity if severity in strategy.severities else "",
            rule=request.GET.get("rule", "")[:60],
            only=only if only in ONLY else "",
            words=searched(request),
        )

    @property
    def is_narrow(self) -> bool:
        return bool(self.severity or self.rule or self.only or self.words)


@dataclass(frozen=True, slots=True)
class Row:
    """An incident with what comes next of it."""

    incident: Incident
    step: Due | None
    step_words: str
    overdue: Duty | None


@dataclass(frozen=True, slots=True)
class Means:
    """Of all that the list has, not only of this page: seconds."""

    number: int
    detect: float | None
    acknowledge: float | None
    resolve: float | None


def incidents_of(
    user: Someone, filters: Filters, choice: Choice, strategy: Strategy, now: datetime
) -> QuerySet[Incident]:
    """Open ones whenever they began; others by when they were detected. The last first, open ones the worst first."""
    found = visible_incidents(user)
    if filters.narrowed:
        found = found.filter(project__in=filters.projects)
    if filters.environment:
        # Of none: opened by hand. It is dealt with wherever one looks, and is in nobody's figures.
        of_none = [""] if choice.tab == "open" else []
        found = found.filter(environment__in=[filters.environment, *of_none])
    if choice.severity:
        found = found.filter(severity=choice.severity)
    if choice.rule:
        found = found.filter(rule=choice.rule)
    for word in choice.words.split():
        number = word.removeprefix("#")
        by_number = (
            Q(number=int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else Q()
        )
        found = found.filter(Q(title__icontains=word) | by_number if by_number else Q(title__icontains=word))
    if choice.tab == "open":
        found = found.filter(owner=None) if choice.only == "unowned" else found
        return found.filter(state__in=OPEN_STATES).order_by("severity", "-detected_at")
    if choice.tab == "review":
        owed = _overdue(strategy, now) if choice.only == "overdue" else Q()
        found = found.filter(owed, state=State.RESOLVED, severity__in=strategy.incidents.review_due_s)
        return found.order_by("resolved_at")
    found = found.filter(detected_at__gte=filters.since, detected_at__lt=filters.until)
    return _only(found, choice.only, strategy, now).order_by("-detected_at", "-pk")


def _overdue(strategy: Strategy, now: datetime) -> Q:
    """Reviews that were due before now."""
    due = Q(pk__in=[])
    for severity, within in strategy.incidents.review_due_s.items():
        due |= Q(severity=severity, resolved_at__lt=now.timestamp() - within)
    return due


def _only(found: QuerySet[Incident], only: str, strategy: Strategy, now: datetime) -> QuerySet[Incident]:
    if only == "acknowledged":
        return found.filter(acknowledged_at__isnull=False)
    if only == "resolved":
        return found.filter(resolved_at__isnull=False)
    if only == "returned":
        return found.filter(recurrence_of__isnull=False)
    if only not in ("judged", "late"):
        return found
    judged, late = Q(pk__in=[]), Q(pk__in=[])
    for severity, goal in strategy.goals.resolve_by_severity_s.items():
        of_it = Q(severity=severity)
        over = Q(resolved_at__isnull=True, started_at__lt=now.timestamp() - goal)
        judged |= of_it & (Q(resolved_at__isnull=False) | over)
        late |= of_it & (Q(resolved_at__gt=F("started_at") + float(goal)) | over)
    return found.filter(judged if only == "judged" else late)


def rows_of(strategy: Strategy, incidents: Iterable[Incident]) -> list[Row]:
    """`told` has to be prefetched (with_what_was_told)."""
    rows = []
    for incident in incidents:
        told = frozenset(one.what for one in incident.told.all())
        step = next_step(strategy, incident, told)
        duties = duties_of(strategy, incident)
        rows.append(
            Row(
                incident,
                step,
                step.words(strategy) if step else "",
                duties[0] if duties else None,
            )
        )
    return rows


def with_what_was_told(found: QuerySet[Incident]) -> QuerySet[Incident]:
    return (
        found.select_related("project", "owner", "recurrence_of")
        .prefetch_related(Prefetch("told", Told.objects.only("incident", "what")))
        .annotate(issue_count=Count("issues"))
    )


def means_of(found: QuerySet[Incident]) -> Means:
    """One query."""
    number = FloatField()
    told = found.order_by().aggregate(
        number=Count("pk"),
        detect=Avg(F("detected_at") - F("started_at"), output_field=number),
        acknowledge=Avg(F("acknowledged_at") - F("detected_at"), output_field=number),
        resolve=Avg(F("resolved_at") - F("started_at"), output_field=number),
    )
    return Means(told["number"], told["detect"], told["acknowledge"], told["resolve"])

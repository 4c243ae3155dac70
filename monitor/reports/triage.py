"""What waits for somebody to look at it: new, returned and escalating issues that are nobody's, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from monitor.issues.models import Issue, Status, Substatus
from monitor.reports.counts import Json, Span, described

_GRAVE = ("P0", "P1")
_FRESH = (Substatus.NEW, Substatus.REGRESSED, Substatus.ESCALATING)
_LATELY_S = 7 * 86_400
LISTED = 20


def to_triage(projects: Sequence[int], now: float) -> QuerySet[Issue]:
    """Unresolved, of nobody: what is new, has returned or escalates; of P0 and P1, all that happened within a week."""
    lately = datetime.fromtimestamp(now - _LATELY_S, UTC)
    waits = Q(substatus__in=_FRESH) | Q(severity__in=_GRAVE, last_seen__gte=lately)
    order = Case(
        When(severity="P0", then=Value(0)),
        When(severity="P1", then=Value(1)),
        When(substatus=Substatus.REGRESSED, then=Value(2)),
        When(substatus=Substatus.ESCALATING, then=Value(3)),
        When(severity="P2", then=Value(4)),
        default=Value(5),
        output_field=IntegerField(),
    )
    found = Issue.objects.filter(waits, status=Status.UNRESOLVED, assigned_to=None, project__in=projects)
    return found.annotate(urgency=order).order_by("urgency", "-times", "pk")


def triage_section(span: Span) -> Json:
    """The list as it stood in the morning."""
    found = to_triage([span.project.pk], span.until)
    return {"number": found.count(), "issues": described(found[:LISTED], span)}

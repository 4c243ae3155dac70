"""Issues that are ignored "until they escalate": a clock job wakes those of which an hour has far more than was usual.

Usual is the busiest hour of the week before the issue was ignored. The limit is worked out once, then, and kept in
`Issue.ignored_until_rate`, so that the page can say it and the job is one query.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F, Max

from monitor.issues.journal import chunks
from monitor.issues.models import Activity, Issue, IssueHour, Status, Substatus

FACTOR = 3
"""So many times the busiest hour."""
LEAST = 10
"""Below this an hour is not busy, whatever the week was like."""
_WEEK_H = 7 * 24


def wake_by_rate(ids: list[int], at: datetime) -> None:
    """Ignored issues wake when an hour has more than FACTOR times the events of the busiest of the week before `at`."""
    hour = int(at.timestamp() // 3600)
    for chunk in chunks(ids):
        rows = IssueHour.objects.filter(issue__in=chunk, hour__gt=hour - _WEEK_H)
        busiest = dict(rows.values_list("issue").annotate(most=Max("times")))
        by_rate: dict[int, list[int]] = {}
        for pk in chunk:
            by_rate.setdefault(max(LEAST, FACTOR * busiest.get(pk, 0) + 1), []).append(pk)
        for rate, those in by_rate.items():
            Issue.objects.filter(pk__in=those).update(ignored_until_rate=rate)


def wake_escalated(now: float) -> None:
    """The clock job. This hour and the one before are looked at, since events come late."""
    hour = int(now // 3600)
    escalated = (
        Issue.objects.filter(
            status=Status.IGNORED,
            ignored_until_rate__isnull=False,
            hours__hour__gte=hour - 1,
            hours__times__gte=F("ignored_until_rate"),
        )
        .values_list("pk", "ignored_until_rate")
        .annotate(most=Max("hours__times"))
    )
    at = datetime.fromtimestamp(now, UTC)
    for pk, rate, most in list(escalated):
        with transaction.atomic():
            # Somebody may have decided otherwise since.
            woken = Issue.objects.filter(pk=pk, status=Status.IGNORED, ignored_until_rate=rate).update(
                status=Status.UNRESOLVED,
                substatus=Substatus.ESCALATING,
                status_changed_at=at,
                ignored_until=None,
                ignored_until_times=None,
                ignored_until_rate=None,
            )
            if woken:
                data = {"ignored_until_rate": rate, "times": most}
                Activity.objects.create(issue_id=pk, at=at, kind="unignored", data=data)

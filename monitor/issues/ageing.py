"""What time alone does to issues: what is not seen any more resolves itself, what is new becomes old, what was ignored
until some moment comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from monitor.issues.models import Activity, Issue, Status, Substatus
from monitor.site.strategy_file import current_strategy

NEW_FOR_S = 7 * 86400.0
"""After so long a new, regressed or escalating issue is an ongoing one, as at Sentry."""
_STEP = 100
_STEPS_MAX = 50


def age_issues(now: float) -> None:
    """The clock job."""
    wake_ignored(now)
    settle_new(now)
    resolve_stale(now)


def wake_ignored(now: float) -> None:
    """Those whose time is over, whether or not an event comes."""
    at = _moment(now)
    _change(
        Q(status=Status.IGNORED, ignored_until__lte=at),
        {
            "status": Status.UNRESOLVED,
            "substatus": Substatus.ONGOING,
            "status_changed_at": at,
            "ignored_until": None,
            "ignored_until_times": None,
            "ignored_until_rate": None,
        },
        Activity(kind="unignored", at=at, data={"by_time": True}),
    )


def settle_new(now: float) -> None:
    """No activity: nobody has done anything."""
    before = _moment(now - NEW_FOR_S)
    fresh = [Substatus.NEW, Substatus.REGRESSED, Substatus.ESCALATING]
    _change(
        Q(status=Status.UNRESOLVED, substatus__in=fresh, first_seen__lt=before)
        & (Q(status_changed_at=None) | Q(status_changed_at__lt=before)),
        {"substatus": Substatus.ONGOING},
    )


def resolve_stale(now: float) -> None:
    """Not seen for `[retention] stale_issue`."""
    stale_s = current_strategy().retention.stale_issue_s
    at = _moment(now)
    _change(
        Q(status=Status.UNRESOLVED, last_seen__lt=_moment(now - stale_s)),
        {"status": Status.RESOLVED, "status_changed_at": at},
        Activity(kind="resolved", at=at, data={"not_seen_for_s": stale_s}),
    )


def _change(which: Q, to: dict[str, Any], activity: Activity | None = None) -> None:
    """In steps, each in a transaction of its own."""
    for _ in range(_STEPS_MAX):
        with transaction.atomic():
            ids = list(Issue.objects.filter(which).values_list("pk", flat=True)[:_STEP])
            Issue.objects.filter(pk__in=ids).update(**to)
            if activity is not None:
                Activity.objects.bulk_create(
                    Activity(issue_id=pk, kind=activity.kind, at=activity.at, data=activity.data)
                    for pk in ids
                )
        if len(ids) < _STEP:
            return


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

"""How long sessions, users and counts of releases are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from monitor.releases.models import ReleaseHour, ReleaseUser, SessionState
from monitor.releases.sessions import DAY_S, HOUR_S
from strategy import load_strategy

SESSION_CHANGES_FOR_S = 5 * DAY_S
"""After so long a session's updates change nothing any more, as at Sentry."""
_STEP = 2000
_STEPS_MAX = 200


def forget_old(now: float) -> None:
    """Delete what is past its time, in steps, so that nobody waits long to write."""
    retention = load_strategy().retention
    changeable = datetime.fromtimestamp(now - SESSION_CHANGES_FOR_S - DAY_S, UTC)
    _delete(SessionState.objects.filter(started__lt=changeable))
    _delete(ReleaseUser.objects.filter(day__lt=int((now - retention.events_s) // DAY_S)))
    _delete(ReleaseHour.objects.filter(hour__lt=int((now - retention.counts_s) // HOUR_S)))


def _delete(rows: QuerySet[Any]) -> None:
    for _ in range(_STEPS_MAX):
        step = list(rows.values_list("pk", flat=True)[:_STEP])
        if not step:
            return
        rows.model._default_manager.filter(pk__in=step).delete()

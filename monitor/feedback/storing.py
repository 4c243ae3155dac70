"""Feedback into its tables, its address into another, and both out again when their time is over."""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.feedback.models import Contact, Feedback
from monitor.feedback.reading import Arrived
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

_RUN_S = 2.0


def keep(arrived: Arrived) -> Feedback | None:
    """In the transaction of the caller. None for one that came before."""
    feedback, is_new = Feedback.objects.get_or_create(
        project_id=arrived.project_id,
        uid=arrived.uid,
        defaults={
            "written": datetime.fromtimestamp(arrived.written, UTC),
            "received": datetime.fromtimestamp(arrived.received, UTC),
            "message": arrived.message,
            "name": arrived.name,
            "url": arrived.url,
            "release": arrived.release,
            "environment": arrived.environment,
            "source": arrived.source,
            "event_uid": arrived.event_uid,
            "error_id": arrived.error_id,
            "user": arrived.user,
        },
    )
    if not is_new:
        return None
    if arrived.address:
        Contact.objects.create(feedback=feedback, address=arrived.address)
    return feedback


def forget_old(now: float) -> None:
    """By the clock, as `retention.feedback` says: the words and the address."""
    before = datetime.fromtimestamp(now - current_strategy().retention.feedback_s, UTC)

    def some(size: int) -> int:
        ids = list(Feedback.objects.filter(received__lt=before).values_list("pk", flat=True)[:size])
        Contact.objects.filter(feedback__in=ids).delete()
        Feedback.objects.filter(pk__in=ids).delete()
        return len(ids)

    Pace(_RUN_S).run(some)

"""What people say of an alert: was it of use? Its share of "no" is the rate of false positives (`[goals]`)."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from monitor.access.audit import record
from monitor.access.models import User
from monitor.alerts.models import Episode


def judge(episode: Episode, useful: bool | None, *, by: User, now: float) -> None:
    """The last word counts; None takes it back."""
    if episode.useful == useful:
        return
    with transaction.atomic():
        episode.useful = useful
        episode.useful_by = by if useful is not None else None
        episode.useful_at = datetime.fromtimestamp(now, UTC) if useful is not None else None
        episode.save(update_fields=["useful", "useful_by", "useful_at"])
        record(by, "alert.judged", episode, episode.project, useful=useful)

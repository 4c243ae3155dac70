"""Putting messages where they are sent from: rows, in the caller's transaction. Sending is monitor.alerts.dispatch's."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from django.db import transaction

from monitor.alerts.messages import Message
from monitor.alerts.models import Episode, Notification
from monitor.incidents.models import Incident

queued = threading.Event()
"""Something new was committed by this process: wakes the dispatcher where it runs in it too."""


def queue(
    message: Message,
    *,
    channels: Iterable[str],
    once: str,
    now: float,
    recipients: Sequence[str] = (),
    not_before: float | None = None,
    episode: Episode | None = None,
    incident: Incident | None = None,
) -> list[Notification]:
    """One row for each channel; where `once` has been queued for a channel before, none. Gives the new ones.

    `once` names what must be told once: `fired:17`, `escalated:4:2`. Times are seconds since 1970.
    """
    made = []
    for channel in dict.fromkeys(channels):
        row, is_new = Notification.objects.get_or_create(
            once=f"{once}:{channel}",
            defaults={
                "channel": channel,
                "kind": message.kind.value,
                "message": message.as_json(),
                "thread": message.thread,
                "recipients": list(recipients),
                "episode": episode,
                "incident": incident,
                "created_at": now,
                "not_before": now if not_before is None else not_before,
            },
        )
        if is_new:
            made.append(row)
    if made:
        transaction.on_commit(queued.set)
    return made

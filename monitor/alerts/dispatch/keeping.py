"""What is forgotten when: the outbox after a week, tries and what belongs to no alert with the events."""

from __future__ import annotations

import re

from monitor.alerts.dispatch.models import OutboxMessage
from monitor.alerts.models import Notification
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

_BUDGET_S = 1.0
_OUTBOX_S = 7 * 86_400
_OUTBOX_MAX = 2_000
_SHORTEST_IDENTITY = 3
_ERASED = "[erased]"


def forget_old(now: float) -> None:
    """Notifications of an episode or an incident go with it."""
    pace = Pace(_BUDGET_S)
    before = now - current_strategy().retention.events_s
    _forget(pace, "deliveries_outboxmessage", "at < ?", now - _OUTBOX_S)
    newest = OutboxMessage.objects.order_by("-pk").values_list("pk", flat=True)[_OUTBOX_MAX:].first()
    _forget(pace, "deliveries_outboxmessage", "id <= ?", newest or 0)
    _forget(pace, "deliveries_deliveryattempt", "at < ? AND outcome <> 'under_way'", before)
    alone = "created_at < ? AND episode_id IS NULL AND incident_id IS NULL AND state <> 'waiting'"
    of_alone = f"notification_id IN (SELECT id FROM alerts_notification WHERE {alone})"  # noqa: S608 - our own text
    for table in ("deliveries_deliveryattempt", "deliveries_outboxmessage"):
        _forget(pace, table, of_alone, before)
    _forget(pace, "alerts_notification", alone, before)


def forget_person(identity: str) -> int:
    """Take an id or address out of what was told of somebody; gives in how many messages it stood.

    What a channel has sent already is out of reach: it stands where it was sent to.
    """
    if len(identity) < _SHORTEST_IDENTITY:
        return 0
    word = re.compile(rf"(?<!\w){re.escape(identity)}(?!\w)", re.IGNORECASE)
    found = 0
    for row in Notification.objects.filter(message__icontains=identity):
        cleaned = _without(row.message, word)
        if cleaned != row.message:
            Notification.objects.filter(pk=row.pk).update(message=cleaned)
            found += 1
    for kept in OutboxMessage.objects.filter(payload__icontains=identity):
        cleaned = _without(kept.payload, word)
        if cleaned != kept.payload:
            OutboxMessage.objects.filter(pk=kept.pk).update(payload=cleaned)
            found += 1
    return found


def _without(found: object, word: re.Pattern[str]) -> object:
    if isinstance(found, str):
        return word.sub(_ERASED, found)
    if isinstance(found, list):
        return [_without(each, word) for each in found]
    if isinstance(found, dict):
        return {name: _without(value, word) for name, value in found.items()}
    return found


def _forget(pace: Pace, table: str, condition: str, value: float) -> None:
    pace.delete(
        f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {condition} LIMIT ?)",  # noqa: S608
        value,
    )

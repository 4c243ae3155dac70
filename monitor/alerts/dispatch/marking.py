"""What became of the tries, written down: together, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction

from monitor.alerts.dispatch.circuit import wait_before
from monitor.alerts.dispatch.claiming import GIVES_UP_AFTER_S
from monitor.alerts.dispatch.errands import Ended, Outcome
from monitor.alerts.dispatch.models import ChannelState, DeliveryAttempt, OutboxMessage
from monitor.alerts.models import Notification

State = Notification.State
_SHORTEST_THROTTLE_S = 1.0


def mark(ended: Sequence[Ended], now: float) -> None:
    """All or none; what is marked already is left as it is, so that it may be called again."""
    if not ended:
        return
    with transaction.atomic():
        rows = Notification.objects.in_bulk([one.errand.notification_id for one in ended])
        for one in ended:
            row = rows.get(one.errand.notification_id)
            if row is not None:
                # Retention may have taken it meanwhile.
                _mark_one(row, one, now)


def _mark_one(row: Notification, one: Ended, now: float) -> None:
    DeliveryAttempt.objects.filter(pk=one.errand.attempt_id).update(
        outcome=one.outcome, took_ms=one.took_ms, detail=one.detail
    )
    row.claimed_until = None
    row.problem = one.detail
    moment = datetime.fromtimestamp(now, UTC)
    if one.outcome == Outcome.SENT:
        row.state, row.sent_at, row.attempts = State.SENT, moment, row.attempts + 1
        row.answer = one.answer
        if one.payload is not None:
            kept = OutboxMessage.objects.create(
                notification=row, at=moment, kind=one.errand.channel.kind, payload=one.payload
            )
            row.answer = _answer_of_outbox(one, kept)
    elif one.outcome == Outcome.WITHDRAWN:
        row.state = State.WITHDRAWN
    else:
        _after_failure(row, one, now)
    row.save(
        update_fields=["claimed_until", "problem", "state", "sent_at", "attempts", "answer", "not_before"]
    )
    if one.payload is None:
        _mark_channel(one, now)


def _after_failure(row: Notification, one: Ended, now: float) -> None:
    """Another try, or none. One that was asked to wait is not counted, but nobody waits for ever."""
    if one.outcome == Outcome.THROTTLED:
        first = row.tries.order_by("pk").values_list("at", flat=True).first()
        if first is None or now - first.timestamp() < GIVES_UP_AFTER_S:
            wait_s = max(wait_before(1, one.retry_after_s), _SHORTEST_THROTTLE_S)
            row.not_before = datetime.fromtimestamp(now + wait_s, UTC)
            return
    row.attempts += 1
    if one.is_final or row.attempts >= one.errand.channel.attempts:
        row.state = State.FAILED
    else:
        wait_s = wait_before(row.attempts, one.retry_after_s)
        row.not_before = datetime.fromtimestamp(now + wait_s, UTC)


def _answer_of_outbox(one: Ended, kept: OutboxMessage) -> dict[str, object]:
    """What the service would have called it, as far as the next message of the thread is drawn by it."""
    payload = one.payload or {}
    answer: dict[str, object] = {"outbox": kept.pk}
    if one.errand.channel.kind == "email":
        answer["message_id"] = payload["headers"]["Message-ID"]
    elif one.errand.channel.kind == "github" and "body" in payload:
        answer["number"] = payload.get("number", kept.pk)
    return answer


def _mark_channel(one: Ended, now: float) -> None:
    """A message that is refused for what it is says nothing against the channel."""
    if one.outcome == Outcome.WITHDRAWN:
        return
    state, _ = ChannelState.objects.get_or_create(channel=one.errand.channel.name)
    circuit, moment = state.circuit, datetime.fromtimestamp(now, UTC)
    if one.outcome == Outcome.SENT:
        state.last_sent_at = moment
        circuit = circuit.after_success()
    else:
        state.last_failed_at, state.problem = moment, one.detail
        if one.outcome == Outcome.THROTTLED:
            circuit = circuit.after_throttle(now, one.retry_after_s or _SHORTEST_THROTTLE_S)
        elif not one.is_final:
            circuit = circuit.after_failure(now)
    state.failures, state.pause_s = circuit.failures, circuit.pause_s
    until = circuit.paused_until
    state.paused_until = datetime.fromtimestamp(until, UTC) if until > now else None
    state.save()

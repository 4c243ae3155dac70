"""Which notifications are sent now: due ones, those of a thread one after the other, no more of a channel than it bears.

A row is claimed by a conditional UPDATE, and the try is written down, before anything is sent: what a crash cuts off is
known of, and is tried once more under the same key.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from monitor.alerts.channels.letter import Letter
from monitor.alerts.dispatch.circuit import Circuit
from monitor.alerts.dispatch.errands import Errand
from monitor.alerts.dispatch.models import ChannelState, DeliveryAttempt
from monitor.alerts.dispatch.recipients import recipients
from monitor.alerts.messages import Kind, Message
from monitor.alerts.models import Notification
from monitor.digest.sql import database
from monitor.site.strategy_file import current_strategy
from strategy.model.alerting import Channel

GIVES_UP_AFTER_S = 86_400.0
"""What a dead channel could not take within a day is shown as failed: nobody wants it then."""
INTERRUPTED_MAX = 5
"""A message over which the worker died so often is not tried again."""
_MARGIN_S = 60.0
_EARLIER_MAX = 50
_KEYS = uuid.UUID("0b6e99d9-4c8d-4a52-9f0a-6f3f7f0b7d11")
_Waiting = Notification.State.WAITING


def key_of(notification: Notification) -> str:
    """The same at every try, and never that of another: a database made anew counts from 1 again, at another time."""
    named = f"{notification.once} {notification.created_at.timestamp():.6f} {settings.PUBLIC_URL}"
    return f"msg_{uuid.uuid5(_KEYS, named).hex}"


def is_anything_due(now: float) -> bool:
    """Asked twice a second: one look at an index."""
    found = database().execute(
        "SELECT 1 FROM alerts_notification WHERE state = 'waiting' AND not_before <= ?"
        " AND (claimed_until IS NULL OR claimed_until <= ?) LIMIT 1",
        (now, now),
    )
    return found.fetchone() is not None


def newest() -> int:
    """The id of the row that was made last; 0 when there is none."""
    return database().execute("SELECT max(id) FROM alerts_notification").fetchone()[0] or 0


def claim(now: float, under_way: Mapping[str, int]) -> list[Errand]:
    """What is to be sent now. `under_way`: how many of each channel are being sent already."""
    channels = {channel.name: channel for channel in current_strategy().channels.values()}
    states = ChannelState.objects.in_bulk(field_name="channel")
    errands: list[Errand] = []
    _withdraw_what_goes_nowhere(channels, now)
    for name, channel in channels.items():
        if not _is_used(channel):
            continue
        circuit = states[name].circuit if name in states else Circuit()
        free = circuit.slots(now) - under_way.get(name, 0)
        if circuit.is_open:
            _give_up_on_old(name, now)
        if free > 0:
            errands += _claim_of(channel, free, now)
    return errands


def release_all() -> int:
    """Claims of a process that is no more; gives how many. Only whoever holds the dispatcher's lock may call it."""
    outcomes = DeliveryAttempt.Outcome
    with transaction.atomic():
        DeliveryAttempt.objects.filter(outcome=outcomes.UNDER_WAY).update(
            outcome=outcomes.INTERRUPTED,
            detail="The worker ended in the middle; whether it arrived is not known.",
        )
        return Notification.objects.filter(state=_Waiting, claimed_until__isnull=False).update(
            claimed_until=None
        )


def _is_used(channel: Channel) -> bool:
    return channel.enabled or settings.OUTBOX


def _claim_of(channel: Channel, free: int, now: float) -> list[Errand]:
    candidates = list(_due(channel.name, now).select_related("incident")[:free])
    if not candidates:
        return []
    errands = []
    with transaction.atomic():
        for row in candidates:
            until = now + channel.timeout_s + _MARGIN_S
            free_now = Notification.objects.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))
            if free_now.filter(pk=row.pk, state=_Waiting, not_before__lte=now).update(claimed_until=until):
                errand = _errand(row, channel, now)
                if errand is not None:
                    errands.append(errand)
    return errands


def _due(channel: str, now: float) -> QuerySet[Notification]:
    """The oldest first. Of a thread only the first that waits, so that nothing overtakes what was before it.

    What only waits until the quiet hours are over is overtaken: a nuisance of the night holds up no P0.
    """
    waiting = Notification.objects.filter(channel=channel, state=_Waiting)
    has_begun = Q(not_before__lte=now) | Q(tries__isnull=False)
    before = waiting.filter(has_begun, thread=OuterRef("thread"), pk__lt=OuterRef("pk"))
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    first = Q(thread="") | ~Exists(before)
    return waiting.filter(free, first, not_before__lte=now).order_by("not_before", "pk")


def _errand(row: Notification, channel: Channel, now: float) -> Errand | None:
    """The try, written down. None for a message that has taken the worker down too often."""
    outcomes = DeliveryAttempt.Outcome
    ended = list(row.tries.order_by("pk").values_list("outcome", "detail"))
    if sum(outcome == outcomes.INTERRUPTED for outcome, _ in ended) >= INTERRUPTED_MAX:
        row.state, row.claimed_until = Notification.State.FAILED, None
        row.problem = f"The worker ended {INTERRUPTED_MAX} times while it was sending this."
        row.save(update_fields=["state", "claimed_until", "problem"])
        return None
    attempt = DeliveryAttempt.objects.create(notification=row, at=now)
    # Also after a refusal: who answers 502 may have done it.
    may_have_arrived = any(outcome != outcomes.WITHDRAWN for outcome, _ in ended)
    letter = replace(letter_of(row, channel, now), may_have_arrived=may_have_arrived)
    return Errand(row.pk, attempt.pk, channel, letter, to_outbox=not channel.enabled)


def letter_of(row: Notification, channel: Channel, at: float) -> Letter:
    """What the channel is given to say, to whom, after what: as it stands `at` a time."""
    return Letter(
        message=Message.from_json(row.message),
        key=key_of(row),
        home=settings.PUBLIC_URL,
        to=recipients(channel, row.recipients, at),
        roles=tuple(row.recipients),
        earlier=_earlier(row),
    )


def _earlier(row: Notification) -> tuple[dict[str, Any], ...]:
    if not row.thread:
        return ()
    sent = Notification.objects.filter(
        channel=row.channel, thread=row.thread, state=Notification.State.SENT, pk__lt=row.pk
    )
    return tuple(reversed(sent.order_by("-pk").values_list("answer", flat=True)[:_EARLIER_MAX]))


def _withdraw_what_goes_nowhere(channels: Mapping[str, Channel], now: float) -> None:
    """Said, not silent: the list of deliveries shows why."""
    unused = [name for name, channel in channels.items() if not _is_used(channel)]
    used = set(channels) - set(unused)
    waiting = Notification.objects.filter(state=_Waiting, not_before__lte=now, claimed_until=None)
    for name in unused:
        _withdraw(waiting.filter(channel=name), _why_unused(channels[name]))
    _withdraw(waiting.exclude(channel__in=channels), "The strategy has no channel of this name any more.")
    silent = [name for name in used if not channels[name].tells_resolved]
    _withdraw(
        waiting.filter(channel__in=silent, kind=Kind.RESOLVED),
        "This channel is not told when it is over (tells_resolved).",
    )


def _why_unused(channel: Channel) -> str:
    variable = channel.from_env.get("enabled")
    return f"The channel is not set up: {variable or 'enabled'} is off."


def _withdraw(rows: QuerySet[Notification], why: str) -> None:
    if rows.exists():
        rows.update(state=Notification.State.WITHDRAWN, problem=why)


def _give_up_on_old(channel: str, now: float) -> None:
    old = Notification.objects.filter(
        channel=channel, state=_Waiting, claimed_until=None, not_before__lt=now - GIVES_UP_AFTER_S
    )
    if old.exists():
        old.update(
            state=Notification.State.FAILED,
            problem="The channel has not answered for a day; this was not sent.",
        )

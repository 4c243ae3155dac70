"""What people do with deliveries: send again what failed, and ask whether a channel works."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from monitor.access.audit import Actor, record
from monitor.alerts.links import absolute
from monitor.alerts.messages import Kind, Link, Message
from monitor.alerts.models import Notification
from monitor.alerts.outbox import queue
from monitor.site.strategy_file import current_strategy

TEST_EVERY_S = 60.0
State = Notification.State


class DispatchRequestError(ValueError):
    """What cannot be done, in words for who asked."""


def retry(notification: Notification, *, by: Actor, now: float) -> None:
    """From the first try on, under its old key. Raises DispatchRequestError for what waits or was sent."""
    with transaction.atomic():
        rows = Notification.objects.filter(pk=notification.pk, state__in=[State.FAILED, State.WITHDRAWN])
        if not rows.update(state=State.WAITING, attempts=0, not_before=now, claimed_until=None, problem=""):
            raise DispatchRequestError("Only what has failed or was withdrawn can be sent again.")
        about = notification.episode or notification.incident
        project = about.project if about is not None else None
        record(by, "notification.retried", f"{notification} ({notification.pk})", project)


def send_test(channel: str, *, by: Actor, now: float) -> Notification:
    """A message that says it is none. Raises DispatchRequestError when the channel can't, or was tested just now."""
    found = current_strategy().channels.get(channel)
    if found is None:
        raise DispatchRequestError(f"The strategy has no channel {channel}.")
    if not (found.enabled or settings.OUTBOX):
        raise DispatchRequestError(f"{channel} is not set up, so there is nothing to test.")
    message = Message(
        kind=Kind.TEST,
        title=f"Test of the channel {channel}",
        thread=f"test:{channel}:{now:.0f}",
        at=now,
        text="Somebody asked the monitor whether this arrives. It does. Nothing is wrong.",
        links=(Link("alert", "Deliveries", absolute(reverse("deliveries:list"))),),
    )
    roles = [name for name, role in current_strategy().roles.items() if role.rota]
    with transaction.atomic():
        recent = Notification.objects.filter(
            channel=channel, kind=Kind.TEST, created_at__gt=now - TEST_EVERY_S
        )
        if recent.exists():
            raise DispatchRequestError(f"{channel} was tested less than a minute ago.")
        [row] = queue(message, channels=[channel], once=f"test:{now:.3f}", now=now, recipients=roles)
        if found.kind == "pagerduty":
            _end_of(message, channel, now)
        record(by, "channel.tested", channel)
    return row


def _end_of(message: Message, channel: str, now: float) -> None:
    """What a test has opened is closed again, so that nobody has to."""
    over = Message(kind=Kind.RESOLVED, title=message.title, thread=message.thread, at=now)
    queue(over, channels=[channel], once=f"test-over:{now:.3f}", now=now)

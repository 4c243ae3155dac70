"""How each channel stands: whether it is set up, what waits, how it went in the last day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count

from monitor.alerts.dispatch.models import ChannelState
from monitor.alerts.models import Notification
from monitor.site.strategy_file import current_strategy
from strategy.model.alerting import Channel

_DAY_S = 86_400


@dataclass(frozen=True)
class ChannelHealth:
    """`sent` and `failed` are of the notifications that were made in the last 24 hours."""

    name: str
    kind: str
    is_enabled: bool
    goes_to_outbox: bool
    variable: str
    """Which switches it on."""
    waiting: int
    sent: int
    failed: int
    state: ChannelState | None
    is_paused: bool

    @property
    def level(self) -> str:
        """As partials/state.html has them."""
        if self.is_paused or self.failed:
            return "failed"
        if self.is_enabled:
            return "ok"
        return "queued" if self.goes_to_outbox else "archived"

    @property
    def words(self) -> str:
        if self.is_paused:
            return "Left alone"
        if self.is_enabled:
            if not self.failed:
                return "Sends"
            return "Fails now and then" if self.sent and not self.problem else "Fails"
        return "To the outbox" if self.goes_to_outbox else "Not set up"

    @property
    def can_be_tested(self) -> bool:
        return self.is_enabled or self.goes_to_outbox

    @property
    def problem(self) -> str:
        """Of the last failure, while none has succeeded since."""
        if self.state is None or self.state.last_failed_at is None:
            return ""
        sent: datetime | None = self.state.last_sent_at
        return self.state.problem if sent is None or sent < self.state.last_failed_at else ""


def channel_health(now: float) -> list[ChannelHealth]:
    """Those of the strategy, those in use first. Three statements, however many there are."""
    states = ChannelState.objects.in_bulk(field_name="channel")
    counts = _counts(now)
    found = [
        _health(channel, states.get(channel.name), counts, now)
        for channel in current_strategy().channels.values()
    ]
    return sorted(found, key=lambda health: not health.is_enabled)


def _health(
    channel: Channel, state: ChannelState | None, counts: Counter[tuple[str, str]], now: float
) -> ChannelHealth:
    paused_until = state.circuit.paused_until if state else 0.0
    return ChannelHealth(
        name=channel.name,
        kind=channel.kind,
        is_enabled=channel.enabled,
        goes_to_outbox=settings.OUTBOX and not channel.enabled,
        variable=channel.from_env.get("enabled", ""),
        waiting=counts[channel.name, Notification.State.WAITING],
        sent=counts[channel.name, Notification.State.SENT],
        failed=counts[channel.name, Notification.State.FAILED],
        state=state,
        is_paused=channel.enabled and paused_until > now,
    )


def _counts(now: float) -> Counter[tuple[str, str]]:
    """What waits, however old; of all else the last day."""
    recent = Notification.objects.filter(created_at__gte=now - _DAY_S).exclude(state="waiting")
    waiting = Notification.objects.filter(state="waiting")
    found: Counter[tuple[str, str]] = Counter()
    for rows in (recent, waiting):
        for channel, state, number in rows.order_by().values_list("channel", "state").annotate(Count("pk")):
            found[channel, state] += number
    return found

"""How each kind of channel says a message: `draw` is pure and gives plain JSON, `send` carries that out.

A new kind is a module with these two, a line below and one in strategy.model.alerting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.alerts.channels import apprise, discord, email, github, pagerduty, slack, webhook
from monitor.alerts.channels.letter import Letter
from strategy.model.alerting import Channel

Payload = dict[str, Any]
Reply = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """`draw` raises NotForThisChannelError; `send` DeliveryError besides. What `send` gives is kept as the answer."""

    draw: Callable[[Letter], Payload]
    send: Callable[[Payload, Channel, Letter], Reply]


KINDS: Mapping[str, ChannelKind] = {
    "slack": ChannelKind(slack.draw, slack.send),
    "email": ChannelKind(email.draw, email.send),
    "pagerduty": ChannelKind(pagerduty.draw, pagerduty.send),
    "webhook": ChannelKind(webhook.draw, webhook.send),
    "discord": ChannelKind(discord.draw, discord.send),
    "github": ChannelKind(github.draw, github.send),
    "apprise": ChannelKind(apprise.draw, apprise.send),
}

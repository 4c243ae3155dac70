"""Whom a channel speaks to. For email that is who is named in the strategy, and whoever holds the roles at the time."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.rota.selectors import contacts
from strategy.model.alerting import Channel


def recipients(channel: Channel, roles: Sequence[str], at: float) -> tuple[str, ...]:
    """Addresses, a Slack channel, a repository: each once."""
    if channel.kind != "email":
        return channel.to
    return tuple(dict.fromkeys([*channel.to, *_addresses_of(roles, at)]))


def _addresses_of(roles: Sequence[str], at: float) -> list[str]:
    return [contact.email for contact in contacts(roles, at) if contact.email] if roles else []

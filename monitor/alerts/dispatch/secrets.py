"""Keeps a channel's secrets out of what is stored, logged and shown, whoever wrote it: a receiver may send them back."""

from __future__ import annotations

from urllib.parse import urlsplit

from strategy.model.alerting import Channel

_HIDDEN = "[secret]"
_SHORTEST = 6
"""What is shorter is no secret, and would be found in any text."""


def without_secrets(text: str, channel: Channel | None) -> str:
    """`text` without the channel's address, its path, its key and their parts."""
    if channel is None:
        return text
    for secret in sorted(_secrets(channel), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def _secrets(channel: Channel) -> set[str]:
    found = {channel.credential or "", channel.url or ""}
    if channel.url:
        try:
            parts = urlsplit(channel.url)
        except ValueError:
            return {one for one in found if len(one) >= _SHORTEST}
        # "services" is in all of them; a secret of Slack or Discord is longer.
        found |= {one for one in parts.path.split("/") if len(one) > 8}
        found |= {parts.path, parts.query, parts.password or ""}
    return {one for one in found if len(one) >= _SHORTEST}

"""A message on its way through one channel: what the channel needs to know besides what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from monitor.alerts.messages import Link, Message


@dataclass(frozen=True, slots=True)
class Letter:
    """`home` is the monitor's own address, without a slash at its end."""

    message: Message
    key: str
    """Names this notification for ever, the same at each try: receivers tell by it what they have already."""
    home: str
    to: tuple[str, ...] = ()
    """Whom the channel speaks to: addresses, a Slack channel, a repository."""
    roles: tuple[str, ...] = ()
    earlier: tuple[Mapping[str, Any], ...] = ()
    """What the service answered to the earlier messages of the thread, the oldest first."""
    may_have_arrived: bool = False
    """A try before this one was cut off, or nobody knows how it ended."""

    @property
    def host(self) -> str:
        return urlsplit(self.home).hostname or "localhost"

    def link(self, *names: str) -> Link | None:
        """The first that there is."""
        found = {link.name: link for link in self.message.links}
        return next((found[name] for name in names if name in found), None)

    def remembered(self, name: str) -> Any:
        """What was answered under `name` most recently in this thread; None if never."""
        return next((answer[name] for answer in reversed(self.earlier) if answer.get(name)), None)

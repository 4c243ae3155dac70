"""Messages to send."""

from __future__ import annotations

from typing import Any

from monitor.alerts.channels.letter import Letter
from monitor.alerts.messages import Kind, Link, Message
from monitor.alerts.models import Notification
from monitor.alerts.outbox import queue

NOW = 1_800_000_000.0
HOME = "https://monitor.example.org"


def message(kind: Kind = Kind.FIRED, **given: Any) -> Message:
    return Message(
        **{
            "kind": kind,
            "title": "Database connections fail",
            "thread": "episode:17",
            "at": NOW,
            "severity": "P0",
            "environment": "production",
            "project": "hydroml",
            "text": "**12** events in 5 minutes, see [the issue](https://monitor.example.org/issues/7/).",
            "facts": (("Value", "12 events"), ("Users", "3"), ("Release", "1.4.2")),
            "links": (
                Link("issue", "Issue", "https://monitor.example.org/issues/7/"),
                Link("incident", "Incident #12", "https://monitor.example.org/incidents/12/"),
                Link("runbook", "Runbook", "https://monitor.example.org/alerts/runbooks/database/"),
            ),
            "rule": "database-connections",
            "details": {"value": 12.0, "threshold": 10},
        }
        | given
    )


def letter(kind: Kind = Kind.FIRED, *, letter_of: dict[str, Any] | None = None, **given: Any) -> Letter:
    return Letter(
        **{"message": message(kind, **given), "key": "msg_0123456789", "home": HOME} | (letter_of or {})
    )


def queued(
    channel: str, kind: Kind = Kind.FIRED, *, once: str = "", now: float = NOW, **given: Any
) -> Notification:
    """One row for `channel`."""
    roles = given.pop("recipients", ())
    said = message(kind, **given)
    [row] = queue(said, channels=[channel], once=once or f"{kind}:{said.thread}", now=now, recipients=roles)
    row.refresh_from_db()
    return row

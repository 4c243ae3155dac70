"""What people are told, before any channel has its own way of saying it. Pure; monitor.alerts.channels draws it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a message is about."""

    FIRED = "fired"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    UPDATE_DUE = "update_due"
    REPORT = "report"
    """A digest, a review, a list: for reading, no alarm."""
    ROLLBACK = "rollback"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Link:
    """`name` is issue, incident, runbook, alert, …; `url` is absolute."""

    name: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """`thread` is the same for all that is about one incident or episode: channels merge, resolve and reply by it."""

    kind: Kind
    title: str
    thread: str
    at: float
    """Seconds since 1970: when what it tells of happened."""
    severity: str = ""
    environment: str = ""
    project: str = ""
    text: str = ""
    """Markdown: a sentence or a paragraph; of a report, all of it."""
    facts: tuple[tuple[str, str], ...] = ()
    """Names and values, in the order in which they are read: Value, Since, Users, Release, …"""
    links: tuple[Link, ...] = ()
    rule: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    """For machines (the webhook's body, PagerDuty's custom details): plain JSON."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Message:
        return cls(
            **{
                **kept,
                "kind": Kind(kept["kind"]),
                "facts": tuple((name, value) for name, value in kept["facts"]),
                "links": tuple(Link(**link) for link in kept["links"]),
            }
        )

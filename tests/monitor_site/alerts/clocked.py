"""A monitor whose time a test moves: what comes goes through spool and digest, and the clock's job runs at each second."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from monitor.alerts import live
from monitor.alerts.models import Episode, Notification
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric

START = 1_800_000_000
"""A Friday, 08:00 UTC: no quiet hour in Vienna."""


class Clocked:
    """Seconds are since START."""

    def __init__(self, deliver: Delivery) -> None:
        self.deliver = deliver
        self.now = 0.0

    def at(self, second: float) -> None:
        """Let the clock come to it, second by second where something may be judged, and evaluate there."""
        self.now = second
        live.evaluate(START + second)

    def event(self, at: float, *, received: float | None = None, **payload: Any) -> str:
        """One error that happened at `at`, received then and digested; the rules have not looked yet."""
        came = START + (at if received is None else received)
        thing = {
            "event_id": uuid4().hex,
            "timestamp": START + at,
            "level": "error",
            "message": "it failed",
            "environment": "production",
            **payload,
        }
        return self.deliver(thing, received=came)[0]

    def error(self, at: float, category: str = "database", severity: str = "P0", **payload: Any) -> str:
        """One of a category, as the application tags it."""
        tags = {"category": category, "severity": severity, **payload.pop("tags", {})}
        return self.event(at, tags=tags, fingerprint=[category], **payload)

    def metric(
        self, at: float, name: str, value: float, *, received: float | None = None, **more: Any
    ) -> None:
        self.deliver(
            item(metric(name, value, START + at, **more)),
            received=START + (at if received is None else received),
        )

    def story(self) -> list[tuple[str, str, float]]:
        """Rule, fired or resolved, second: of all episodes, in the order of time."""
        found = []
        for one in Episode.objects.all():
            found.append((one.rule, "fired", one.began_at.timestamp() - START))
            if one.ended_at is not None:
                found.append((one.rule, "resolved", one.ended_at.timestamp() - START))
        return sorted(found, key=lambda each: (each[2], each[0]))

    def told(self, kind: str = "fired") -> list[tuple[str, str]]:
        """Channel and rule of what was put into the outbox, in its order."""
        rows = Notification.objects.filter(kind=kind).order_by("pk")
        return [(row.channel, row.message["rule"]) for row in rows]

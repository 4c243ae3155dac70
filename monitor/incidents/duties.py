"""What an incident owes: an update in time, a review, a word on the status page. Shown, and told once when overdue."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.incidents.models import Incident, State
from monitor.incidents.reach import Reach
from strategy import Strategy


@dataclass(frozen=True, slots=True)
class Duty:
    """`kind` is update, review or public_update; `due` is seconds since 1970."""

    kind: str
    due: float
    words: str

    @property
    def what(self) -> str:
        """Its name in `Told`: with the time, so that the next update that is owed is told, too."""
        return f"{self.kind}:{round(self.due)}"


def duties_of(strategy: Strategy, incident: Incident, reach: Reach | None = None) -> list[Duty]:
    """What is owed now or will be, the next first. Without `reach` the word on the status page is left out."""
    found = [_update(strategy, incident), _review(strategy, incident)]
    if reach is not None:
        found.append(_public_update(strategy, incident, reach))
    return sorted((one for one in found if one is not None), key=lambda duty: duty.due)


def _update(strategy: Strategy, incident: Incident) -> Duty | None:
    every = strategy.incidents.update_every_s.get(incident.severity)
    if every is None or not incident.is_open:
        return None
    return Duty("update", incident.updated_at.timestamp() + every, "An update is due")


def _review(strategy: Strategy, incident: Incident) -> Duty | None:
    within = strategy.incidents.review_due_s.get(incident.severity)
    if within is None or incident.state != State.RESOLVED or incident.resolved_at is None:
        return None
    return Duty("review", incident.resolved_at.timestamp() + within, "The review is due")


def _public_update(strategy: Strategy, incident: Incident, reach: Reach) -> Duty | None:
    """Of the worst severity only, from the strategy's share of users on, until a word stands on the status page."""
    worst = min(strategy.severities)
    if incident.severity != worst or not incident.is_open:
        return None
    if reach.share is None or reach.share <= strategy.incidents.public_update_share:
        return None
    if incident.is_public and incident.public_updates.exists():
        return None
    due = incident.detected_at.timestamp() + strategy.incidents.public_update_due_s
    return Duty("public_update", due, "The status page owes users a word")

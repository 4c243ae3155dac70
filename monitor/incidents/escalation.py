"""Who is told next while nobody has dealt with an incident, and when: the [[escalation]] of the strategy. Pure.

A step is due `after` the incident was detected, or opened again; where it goes by business hours only, after so many
seconds of these. With `repeat` it is due again, at the same distance. It is told until the incident is acknowledged or,
when the step says so, until it is resolved. Steps of an older severity are no longer due under the new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.incidents import business_time
from monitor.incidents.models import Incident, State
from strategy import Strategy
from strategy.model.people import EscalationStep


@dataclass(frozen=True, slots=True)
class Due:
    """A step for an incident. `what` is its name in `Told`, which a change of the file leaves alone."""

    at: float
    step: EscalationStep
    number: int
    """0, and for repetitions 1, 2, …"""
    opening: int
    """How often the incident had been opened again: each time it climbs anew."""

    @property
    def what(self) -> str:
        roles = "+".join(self.step.roles)
        return f"escalation:{self.opening}:{self.step.after_s}:{self.number}:{roles}"[:120]

    def words(self, strategy: Strategy) -> str:
        """`Engineering manager`, `CTO and Vendor support`."""
        titles = [strategy.roles[role].title for role in self.step.roles if role in strategy.roles]
        return " and ".join(titles)


def steps_of(strategy: Strategy, incident: Incident) -> Iterator[Due]:
    """All of this incident's severity, in the order in which they are due."""
    since = (incident.reopened_at or incident.detected_at).timestamp()
    found = [
        Due(_at(strategy, step, since, number), step, number, incident.reopened)
        for step in strategy.escalation
        if incident.severity in step.severities
        for number in range(step.repeat + 1)
    ]
    yield from sorted(found, key=lambda due: due.at)


def still_told(incident: Incident, step: EscalationStep) -> bool:
    """Whether the incident, as it is now, is still climbing this step."""
    if not incident.is_open:
        return False
    return step.until == "resolved" or incident.state == State.TRIGGERED


def next_step(strategy: Strategy, incident: Incident, told: frozenset[str]) -> Due | None:
    """What comes next, also when it is due already; None where nobody will be told any more."""
    for due in steps_of(strategy, incident):
        if due.what not in told and still_told(incident, due.step):
            return due
    return None


def _at(strategy: Strategy, step: EscalationStep, since: float, number: int) -> float:
    seconds = step.after_s * (number + 1)
    if step.business_hours_only:
        return business_time.after(strategy.business_hours, since, seconds)
    return since + seconds

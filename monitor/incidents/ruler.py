"""The times of an incident as a ruler: from its start to its end, or to now, in true proportion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.incidents.models import Incident
from strategy import Strategy


@dataclass(frozen=True, slots=True)
class Mark:
    """`after` is seconds since the mark before that it is measured from; `goal` what the strategy allows for it."""

    name: str
    at: datetime | None
    after: float | None
    since: str
    goal: float | None = None

    @property
    def is_met(self) -> bool | None:
        return None if self.after is None or self.goal is None else self.after <= self.goal


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the bar, in percent of its whole length."""

    name: str
    x: float
    width: float
    seconds: float

    @property
    def end(self) -> float:
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Ruler:
    """`seconds` is the whole length; `marks` also those that have not come yet."""

    marks: list[Mark]
    parts: list[Part]
    seconds: float


_LEAST_SHARE = 0.8
"""Percent: what is shorter is still seen."""


def ruler_of(strategy: Strategy, incident: Incident, now: datetime) -> Ruler:
    goals = strategy.goals
    end = incident.resolved_at or max(now, incident.detected_at)
    marks = [
        Mark("Started", incident.started_at, None, ""),
        _mark("Detected", incident.detected_at, incident.started_at, "the start", goals.detect_s),
        _mark(
            "Acknowledged", incident.acknowledged_at, incident.detected_at, "detection", goals.acknowledge_s
        ),
        _mark("Mitigated", incident.mitigated_at, incident.started_at, "the start", None),
        _mark(
            "Resolved",
            incident.resolved_at,
            incident.started_at,
            "the start",
            goals.resolve_by_severity_s.get(incident.severity, goals.resolve_s),
        ),
    ]
    if incident.mitigated_at is None:
        del marks[3]
    return Ruler(marks, _parts(incident, end), (end - incident.started_at).total_seconds())


def _mark(name: str, at: datetime | None, before: datetime, since: str, goal: float | None) -> Mark:
    return Mark(name, at, None if at is None else (at - before).total_seconds(), since, goal)


def _parts(incident: Incident, end: datetime) -> list[Part]:
    whole = max((end - incident.started_at).total_seconds(), 1.0)
    stages = [("undetected", incident.started_at), ("unacknowledged", incident.detected_at)]
    if incident.acknowledged_at is not None:
        stages.append(("handled", incident.acknowledged_at))
    if incident.mitigated_at is not None:
        stages.append(("mitigated", incident.mitigated_at))
    ends = [at for _, at in stages[1:]] + [end]
    parts, x = [], 0.0
    for (name, starts), ends_at in zip(stages, ends, strict=True):
        seconds = max((ends_at - starts).total_seconds(), 0.0)
        width = min(max(seconds / whole * 100, _LEAST_SHARE if seconds else 0.0), 100 - x)
        parts.append(Part(name, round(x, 2), round(width, 2), seconds))
        x += width
    if parts:
        # What was given to the short ones is taken from the last.
        last = parts[-1]
        parts[-1] = Part(last.name, last.x, round(max(100 - last.x, 0.0), 2), last.seconds)
    return parts

"""Drafts of what users are told, with the facts filled in. Whoever publishes one reads it first: these are words to
change, not words that send themselves. No draft says more than users noticed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.incidents.models import Impact, Incident
from strategy import Strategy


@dataclass(frozen=True, slots=True)
class Draft:
    stage: str
    title: str
    text: str


def drafts_of(strategy: Strategy, incident: Incident, now: datetime) -> list[Draft]:
    """One for each stage, in their order."""
    zone = ZoneInfo(strategy.business_hours.time_zone)
    what, began = _what(strategy, incident), incident.started_at.astimezone(zone)
    clock = f"{began:%H:%M} ({strategy.business_hours.time_zone})"
    again = _next_word(strategy, incident, now, zone)
    drafts = [
        Draft(
            "investigating",
            "We have seen it",
            f"Since {clock}, {what}. We are looking for the cause. {again}",
        ),
        Draft(
            "identified",
            "We know the cause",
            f"Since {clock}, {what}. We have found the cause and are mending it. {again}",
        ),
        Draft(
            "monitoring",
            "It is mended, we watch",
            f"Since {clock}, {what}. We have mended it, and are watching that it stays so.",
        ),
    ]
    over = incident.resolved_at or now
    minutes = max(round((over - incident.started_at).total_seconds() / 60), 1)
    length = f"{minutes} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
    drafts.append(
        Draft(
            "resolved",
            "It is over",
            f"From {clock} on, for {length}, {what}. It is over, and everything works as it should. "
            "Where something failed meanwhile, please try it again. We are sorry for the trouble.",
        )
    )
    return drafts


def _what(strategy: Strategy, incident: Incident) -> str:
    """Titles of features stand at the end: which of them are plurals, nobody has said."""
    titles = [strategy.features[name].title for name in incident.features if name in strategy.features]
    what = "the following" if titles else "HydroML"
    is_down = incident.impact == Impact.DOWN
    said = f"{what} {'does not work' if is_down else 'has been slow or failing for some of you'}"
    return f"{said}: {_listed(titles)}" if titles else said


def _listed(words: list[str]) -> str:
    lower = [words[0], *(word[:1].lower() + word[1:] for word in words[1:])]
    return " and ".join([", ".join(lower[:-1]), lower[-1]] if len(lower) > 1 else lower)


def _next_word(strategy: Strategy, incident: Incident, now: datetime, zone: ZoneInfo) -> str:
    every = strategy.incidents.update_every_s.get(incident.severity)
    if every is None:
        return "We will say here how it goes on."
    at = datetime.fromtimestamp(now.timestamp() + every, zone)
    return f"The next word from us stands here by {at:%H:%M}."

"""From an item's payload to an Arrival: normalised, scrubbed and grouped, in this order, before anything of it is kept."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from monitor.digest.collecting import Origin
from monitor.events import Event, EventScrubber, normalise
from monitor.events.model import Json
from monitor.grouping import Grouper
from monitor.issues.arrival import Arrival, arrival_of
from strategy import load_strategy


@lru_cache(maxsize=1)
def scrubber() -> EventScrubber:
    """One for the process: it remembers what it has seen clean."""
    return EventScrubber.of_strategy(load_strategy(settings.STRATEGY_FILE or None))


@lru_cache(maxsize=1)
def _grouper() -> Grouper:
    return Grouper()


def read_event(raw: Json, *, received: float, event_id: str | None, salt: bytes) -> Event:
    """As it may be stored. `raw` is used up."""
    event = normalise(raw, received=received, event_id=event_id, user_salt=salt)
    scrubber().scrub(event)
    return event


def read_arrival(raw: Json, event_id: str | None, origin: Origin, data_category: str, salt: bytes) -> Arrival:
    """All of what is stored of an event. `raw` is used up."""
    event = read_event(raw, received=origin.received, event_id=event_id, salt=salt)
    grouper = _grouper()
    return arrival_of(
        event,
        project_id=origin.project_id,
        data_category=data_category,
        grouping=grouper.group(event),
        earlier=grouper.earlier(event),
    )

"""One shape for what every SDK sends, with nothing secret left in it. Pure Python: no Django, no disk."""

from monitor.events.model import Event
from monitor.events.normalise import normalise
from monitor.events.scrub import EventScrubber

__all__ = ["Event", "EventScrubber", "normalise"]

"""Whole events, transactions, logs and metrics, scrubbed: walk once, look for known secrets once, keep the size.

A new event is built and the caller's objects are only read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from core.sentry.scrubbing.known import KnownValues, found_by_name
from core.sentry.scrubbing.naming import NameRules
from core.sentry.scrubbing.parts import EventWalk
from core.sentry.scrubbing.removal import without
from core.sentry.scrubbing.sizes import capped
from core.sentry.scrubbing.text import TextScrubber
from core.sentry.scrubbing.values import Json, Limits, ValueWalk

__all__ = ["EventScrubber", "Json", "Limits"]

_FRAME_BYTES = 1000


class EventScrubber:
    """Scrubs events, transactions, breadcrumbs, logs and metrics. Thread-safe."""

    def __init__(
        self, text: TextScrubber, *, limits: Limits | None = None, allowed_headers: Collection[str] = ()
    ) -> None:
        self.text = text
        self.limits = limits or Limits()
        self._rules = NameRules(text)
        self._headers = frozenset(name.lower() for name in allowed_headers)

    def event(self, event: Mapping[str, Any], known: KnownValues | None = None) -> Json:
        """An error, message or transaction event. `known` are the secrets of this request, task or traceback."""
        walk = EventWalk(self.text, self._rules, self.limits, self._headers)
        clean = walk.event(event)
        known = self._with_hidden(known, walk)
        if known and (known.found_in("\0".join(set(walk.seen))) or known.stands_in("\0".join(walk.lines))):
            clean = without(clean, known, given=False)
        # Twice, because of the names, the numbers and the marks between them.
        likely_size = 2 * sum(map(len, walk.seen)) + _FRAME_BYTES * walk.frames
        return (
            clean if likely_size < self.limits.event_bytes else capped(clean, limit=self.limits.event_bytes)
        )

    def value(self, value: Any, known: KnownValues | None = None) -> Any:
        """Any plain value: a context, a log's attributes."""
        walk = ValueWalk(self.text, self._rules, self.limits)
        clean = walk.value(value)
        known = self._with_hidden(known, walk)
        return without(clean, known, given=True) if known else clean

    def _with_hidden(self, known: KnownValues | None, walk: ValueWalk) -> KnownValues:
        """What stood under a secret name is a secret wherever it reappears, as in the message that quotes it."""
        found = {text for name, value in walk.hidden for text in found_by_name(name, value, self.text.names)}
        return (known or KnownValues()).with_more(found)

"""No secret leaves the process: by name, by form, and by value, in everything that is sent."""

from __future__ import annotations

from typing import Any

from core.sentry.scrubbing.event import EventScrubber, Limits
from core.sentry.scrubbing.known import KnownValues
from core.sentry.scrubbing.patterns import FILTERED
from core.sentry.scrubbing.secrets_of import current_request, remember_request
from core.sentry.scrubbing.text import TextScrubber

__all__ = [
    "FILTERED",
    "EventScrubber",
    "KnownValues",
    "Limits",
    "TextScrubber",
    "current_request",
    "remember_request",
    "scrub",
]


def scrub(value: Any) -> Any:
    """A copy of `value` as it would be sent: plain, scrubbed and capped. For task arguments, log lines, audit rows."""
    from core.sentry.filters import get_filters

    return get_filters().scrub(value)

"""What became of an event, told by the spool of the transport in use."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import sentry_sdk

from core.sentry.spool import Fate, lookup


def spool_directory() -> Path | None:
    """Where this process keeps envelopes; None when it sends nothing, or without a spool."""
    config = getattr(sentry_sdk.get_client().transport, "config", None)
    return getattr(config, "directory", None)


def fate_of(wanted: str, directory: Path | None = None) -> Fate:
    """queued, delivered, dropped or unknown, by event id or error id."""
    place = directory or spool_directory()
    if place is None or not place.is_dir():
        return Fate("unknown")
    with suppress(ValueError):
        return lookup(place, wanted)
    return Fate("unknown")

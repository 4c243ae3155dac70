"""What goes out in place of an event that could not be scrubbed: certainly harmless, and never nothing."""

from __future__ import annotations

import logging
from typing import Any

from core.sentry import counters
from core.sentry.classify import Classification

Json = dict[str, Any]

logger = logging.getLogger("core.sentry")


def event_skeleton(
    event: Json, exc: BaseException | None, found: Classification | None, problem: Exception
) -> Json:
    """What is certainly harmless: that something of this class failed, when, and in which release."""
    skeleton: Json = {
        name: event[name]
        for name in ("event_id", "timestamp", "platform", "level", "release", "environment")
        if name in event
    }
    if exc is not None:
        kind = type(exc)
        skeleton["exception"] = {"values": [{"type": kind.__qualname__, "module": kind.__module__}]}
    skeleton["tags"] = {"scrubber_failed": type(problem).__name__}
    if found is not None:
        skeleton["tags"] |= {"category": found.category, "severity": found.severity}
    counters.count("dropped", reason="scrubber_failed", category="error")
    logger.warning("An event was sent as a skeleton: scrubbing failed with %s.", type(problem).__name__)
    return skeleton


def transaction_skeleton(event: Json, problem: Exception) -> Json:
    """When it was, and the ids of its trace."""
    names = ("event_id", "type", "timestamp", "start_timestamp", "platform", "release", "environment")
    trace = (event.get("contexts") or {}).get("trace") or {}
    ids = {name: trace[name] for name in ("trace_id", "span_id", "op", "status") if name in trace}
    return {name: event[name] for name in names if name in event} | {
        "transaction": "[scrubbing failed]",
        "contexts": {"trace": ids},
        "spans": [],
        "tags": {"scrubber_failed": type(problem).__name__},
    }

"""What left the process lately, as it left: a small record on disk, so that the lab can show the worker's too.

Events are recorded after scrubbing. Under DEBUG only; nothing of it is kept otherwise.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from core.error_settings import error_page_settings, place
from core.sentry.classify import Classification

KEEP = 100
_MAX_EVENT_BYTES = 300_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """`kind` is sent, ignored, expected, thinned (of an event), transaction, or note (of the lab itself)."""

    kind: str
    at: float
    request_id: str = ""
    error_id: str = ""
    event_id: str = ""
    title: str = ""
    category: str = ""
    severity: str = ""
    component: str = ""
    handled: bool | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def record_event(
    outcome: str, found: Classification, event: Mapping[str, Any], hint: Mapping[str, Any]
) -> None:
    """An observer of core.sentry.filters: every event, sent or held back."""
    if not settings.DEBUG or (outcome == "thinned" and not _is_worth_a_line(event)):
        return
    tags = event.get("tags") or {}
    values = (event.get("exception") or {}).get("values") or [{}]
    title = (
        values[-1].get("type") or (event.get("logentry") or {}).get("message") or event.get("message") or ""
    )
    # What is held back was not scrubbed: its class is all that is kept of it.
    whole = dict(event) if outcome == "sent" else {}
    text = values[-1].get("value") if outcome == "sent" else ""
    keep(
        Arrival(
            kind=outcome,
            at=time.time(),
            request_id=str(tags.get("request_id", "")),
            error_id=str(tags.get("error_id", "")),
            event_id=str(event.get("event_id", "")),
            title=f"{title}: {text}"[:300] if text else str(title)[:300],
            category=found.category,
            severity=found.severity,
            component=str(tags.get("component", "")),
            handled=(values[-1].get("mechanism") or {}).get("handled"),
            details=whole,
        )
    )


_thinned_at: dict[str, float] = {}


def _is_worth_a_line(event: Mapping[str, Any]) -> bool:
    """Of a flood one line in two seconds is enough; more would push everything else out of the record."""
    values = (event.get("exception") or {}).get("values") or [{}]
    title, now = str(values[-1].get("type")), time.monotonic()
    if now - _thinned_at.get(title, -10.0) < 2.0:
        return False
    if len(_thinned_at) > 100:
        _thinned_at.clear()
    _thinned_at[title] = now
    return True


def note(request_id: str, title: str, **details: Any) -> None:
    """What the lab itself saw."""
    keep(Arrival(kind="note", at=time.time(), request_id=request_id, title=title, details=details))


def keep(arrival: Arrival) -> None:
    """Write it; a disk that refuses costs the lab's display, nothing else."""
    fields = {name: getattr(arrival, name) for name in Arrival.__slots__}
    raw = json.dumps(fields, default=str, ensure_ascii=False).encode()
    if len(raw) > _MAX_EVENT_BYTES:
        raw = json.dumps(fields | {"details": {"left_out": f"{len(raw)} bytes"}}, default=str).encode()
    directory = _directory()
    with suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{secrets.token_hex(3)}"
        file = os.open(directory / f".{name}", os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(file, "wb") as whole:
            whole.write(raw)
        (directory / f".{name}").rename(directory / f"{name}.json")
        for old in sorted(directory.glob("*.json"))[:-KEEP]:
            old.unlink(missing_ok=True)


def arrivals(*, request_id: str = "") -> list[Arrival]:
    """Newest first; of one request, or all that are kept."""
    found = []
    for path in sorted(_directory().glob("*.json"), reverse=True):
        with suppress(OSError, ValueError, TypeError):
            arrival = Arrival(**json.loads(path.read_bytes()))
            if not request_id or arrival.request_id == request_id:
                found.append(arrival)
    return found


def _directory() -> Path:
    return place(error_page_settings().debug_dir, "debug-pages") / "arrivals"

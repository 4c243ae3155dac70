"""An event within its size: the parts that help least go first, and the event says which."""

from __future__ import annotations

import json
from collections.abc import Callable

from core.sentry.scrubbing.values import Json


def capped(event: Json, *, limit: int) -> Json:
    """`event` with at most `limit` bytes of JSON, or as near as its parts allow."""
    removed: list[str] = []
    for part, shrink in _SHRINKING:
        if _size(event) <= limit:
            break
        if shrink(event):
            removed.append(part)
    if removed:
        event.setdefault("tags", {})["truncated"] = ",".join(removed)[:200]
    return event


def _size(event: Json) -> int:
    return len(json.dumps(event, default=str, separators=(",", ":")))


def _drop(*names: str) -> Callable[[Json], bool]:
    def drop(event: Json) -> bool:
        removed = [name for name in names if event.pop(name, None) is not None]
        return bool(removed)

    return drop


def _drop_old_breadcrumbs(event: Json) -> bool:
    crumbs = (event.get("breadcrumbs") or {}).get("values") or []
    if len(crumbs) > 10:
        event["breadcrumbs"] = {"values": crumbs[-10:]}
    return len(crumbs) > 10


def _from_frames(event: Json, *names: str) -> bool:
    found = False
    for exception in (event.get("exception") or {}).get("values") or ():
        for frame in (exception.get("stacktrace") or {}).get("frames") or ():
            for name in names:
                found = frame.pop(name, None) is not None or found
    return found


def _fewer_spans(event: Json) -> bool:
    spans = event.get("spans") or []
    event["spans"] = spans[:200]
    return len(spans) > 200


_SHRINKING: tuple[tuple[str, Callable[[Json], bool]], ...] = (
    ("breadcrumbs", _drop_old_breadcrumbs),
    ("surroundings", lambda event: _from_frames(event, "pre_context", "post_context")),
    ("modules", _drop("modules")),
    ("locals", lambda event: _from_frames(event, "vars")),
    ("spans", _fewer_spans),
    ("extra", _drop("extra")),
    ("contexts", lambda event: _keep_trace_only(event)),
    ("all breadcrumbs", _drop("breadcrumbs")),
    ("spans", _drop("spans")),
)


def _keep_trace_only(event: Json) -> bool:
    contexts = event.get("contexts") or {}
    event["contexts"] = {name: contexts[name] for name in ("trace",) if name in contexts}
    return len(contexts) > 1

"""Events for the tests of the list: small ones, one issue for each `where`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4


def failure(
    where: str = "load",
    *,
    type_: str = "ValueError",
    value: str = "no rain",
    tags: dict[str, str] | None = None,
    user: str | None = None,
    suppressed: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """An exception in the function `where`: as many issues as functions."""
    frame = {"function": where, "module": "projects.views", "filename": "projects/views.py", "in_app": True}
    event: dict[str, Any] = {
        "event_id": uuid4().hex,
        "platform": "python",
        "level": "error",
        "exception": {"values": [{"type": type_, "value": value, "stacktrace": {"frames": [frame]}}]},
        "tags": {**(tags or {}), **({"suppressed": str(suppressed)} if suppressed else {})},
        **more,
    }
    if user is not None:
        event["user"] = {"id": user}
    return event

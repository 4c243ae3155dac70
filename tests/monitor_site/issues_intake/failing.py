"""Events as a Python application sends them, as small as they can be."""

from __future__ import annotations

from typing import Any


def failure(kind: str = "ValueError", value: str = "no discharge", **more: Any) -> dict[str, Any]:
    """An exception of its own function: another `kind`, another issue."""
    frame = {
        "module": "river.pipeline",
        "function": kind.lower(),
        "filename": "river/pipeline.py",
        "in_app": True,
    }
    return {
        "platform": "python",
        "exception": {"values": [{"type": kind, "value": value, "stacktrace": {"frames": [frame]}}]},
        **more,
    }

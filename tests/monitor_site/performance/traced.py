"""Transactions as sentry-sdk 2.75 sends them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

Json = dict[str, Any]


def span(
    op: str,
    start: float,
    end: float,
    text: str = "",
    *,
    parent: str = "0" * 16,
    span_id: str | None = None,
    data: Json | None = None,
) -> Json:
    """`start` and `end` in milliseconds from the beginning of the transaction."""
    return {
        "op": op,
        "description": text,
        "span_id": span_id or uuid4().hex[:16],
        "parent_span_id": parent,
        "start": start,
        "end": end,
        "data": data or {},
    }


def transaction(
    *spans: Json,
    at: float,
    lasts_ms: float = 100.0,
    name: str = "/projects/{project_id}/",
    op: str = "http.server",
    status: str | None = "ok",
    environment: str = "production",
    release: str | None = "hydroml@1.0.0",
    source: str = "route",
    trace: str | None = None,
    **more: Any,
) -> Json:
    """With times as the SDK writes them, down to the microsecond."""
    made = {
        "type": "transaction",
        "event_id": uuid4().hex,
        "transaction": name,
        "transaction_info": {"source": source},
        "contexts": {
            "trace": {
                "trace_id": trace or uuid4().hex,
                "span_id": "0" * 16,
                "op": op,
                "status": status,
            }
        },
        "start_timestamp": _iso(at),
        "timestamp": _iso(at + lasts_ms / 1000),
        "spans": [
            {
                **{key: value for key, value in one.items() if key not in ("start", "end")},
                "start_timestamp": _iso(at + one["start"] / 1000),
                "timestamp": _iso(at + one["end"] / 1000),
            }
            for one in spans
        ],
        "environment": environment,
        "platform": "python",
        **more,
    }
    return made if release is None else {**made, "release": release}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

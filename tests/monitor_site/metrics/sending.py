"""Metrics as sentry-sdk 2.75 puts them into an envelope."""

from __future__ import annotations

from typing import Any

_OF_THE_SENDER = {
    "sentry.sdk.name": "sentry.python.django",
    "sentry.sdk.version": "2.75.0",
    "process.runtime.name": "CPython",
    "server.address": "web-1",
}


def metric(
    name: str,
    value: float,
    time: float,
    *,
    kind: str = "counter",
    unit: str | None = None,
    environment: str = "production",
    release: str = "hydroml@1.0.0",
    server: str = "web-1",
    **labels: Any,
) -> dict[str, Any]:
    attributes = {
        **_OF_THE_SENDER,
        "server.address": server,
        "sentry.environment": environment,
        "sentry.release": release,
        **labels,
    }
    made = {
        "timestamp": time,
        "name": name,
        "type": kind,
        "value": float(value),
        "attributes": {key: {"value": one, "type": "string"} for key, one in attributes.items()},
        "trace_id": "0" * 32,
    }
    return made if unit is None else {**made, "unit": unit}


def item(*metrics: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `deliver` takes."""
    headers = {
        "type": "trace_metric",
        "item_count": len(metrics),
        "content_type": "application/vnd.sentry.items.trace-metric+json",
    }
    return headers, {"version": 2, "items": list(metrics)}

"""One transaction of a batch, measured, with what is needed to keep it whole."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from monitor.events import normalise
from monitor.issues.collecting import scrubber
from monitor.performance.layers import DATABASE, layer_of
from monitor.performance.reading import MAX_SPANS, Measured
from monitor.performance.statements import normalised
from monitor.protocol.json_payload import load_object

_KEPT_DATA = (
    "db.system",
    "db.name",
    "http.request.method",
    "http.method",
    "http.response.status_code",
    "cache.hit",
    "code.filepath",
    "code.lineno",
    "code.function",
    "messaging.destination.name",
    "messaging.message.retry.count",
)


@dataclass(slots=True)
class Arrived:
    """`payload` is what was sent: it is only read again if this one is chosen as a sample."""

    project_id: int
    received: float
    uid: bytes
    measured: Measured
    payload: bytes
    group_id: int = 0
    release_id: int = 0
    is_example: bool = False

    @property
    def key(self) -> bytes:
        """Tells it from all others."""
        return blake2b(self.uid, digest_size=16, salt=self.project_id.to_bytes(8, "big")).digest()

    @property
    def lot(self) -> int:
        """A number that depends on the id alone, as good as a die."""
        return int.from_bytes(self.key[:4], "big") >> 1

    @property
    def day(self) -> int:
        return int(self.measured.start // 86_400)


def kept_of(arrived: Arrived) -> bytes:
    """What is kept of a sample, scrubbed: its spans, and what was asked for; nothing of who asked."""
    raw = load_object(arrived.payload)
    contexts = raw.get("contexts")
    request = raw.get("request")
    event = normalise(
        {
            "type": "transaction",
            "start_timestamp": raw.get("start_timestamp"),
            "timestamp": raw.get("timestamp"),
            "contexts": {"trace": contexts.get("trace")} if isinstance(contexts, dict) else {},
            "request": {key: request[key] for key in ("method", "url") if key in request}
            if isinstance(request, dict)
            else None,
            "spans": raw.get("spans"),
        },
        received=arrived.received,
        event_id=arrived.uid.hex(),
    )
    scrubber().scrub(event)
    trace = event.contexts.get("trace") or {}
    kept: dict[str, Any] = {
        "start": event.start_timestamp if event.start_timestamp is not None else arrived.measured.start,
        "end": event.timestamp,
        "span_id": trace.get("span_id"),
        "status": trace.get("status"),
        "method": (event.request or {}).get("method"),
        "url": (event.request or {}).get("url"),
        "spans": [_span(span) for span in event.spans[:MAX_SPANS]],
    }
    return orjson.dumps(kept)


def _span(span: dict[str, Any]) -> dict[str, Any]:
    data = span.get("data")
    given = data if isinstance(data, dict) else {}
    text = span.get("description")
    if isinstance(text, str) and layer_of(str(span.get("op"))) == DATABASE:
        text = normalised(text) or text
    return {
        "id": span.get("span_id"),
        "parent": span.get("parent_span_id"),
        "op": span.get("op"),
        "text": text,
        "start": span.get("start_timestamp"),
        "end": span.get("timestamp"),
        "status": span.get("status"),
        "data": {key: given[key] for key in _KEPT_DATA if given.get(key) is not None},
    }

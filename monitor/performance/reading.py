"""A transaction as SDKs send it, measured: https://develop.sentry.dev/sdk/data-model/event-payloads/transaction/"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from monitor.events.clock import MAX_AGE_S, MAX_AHEAD_S, seconds_of
from monitor.issues.collecting import scrubber
from monitor.performance.layers import DATABASE, OWN, layer_of, time_by_layer
from monitor.performance.statements import Query, normalised
from monitor.releases.naming import environment_of, release_of

MAX_SPANS = 1000
MAX_DURATION_S = 7 * 86_400
_NAME_MAX, _OP_MAX, _SOURCE_MAX = 250, 60, 300
_FINE = frozenset({"", "ok", "cancelled", "unknown"})
"""All other statuses are failures, as at Sentry."""
_ID = re.compile(
    r"(?<=/)(?:\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,}|[^/]*\d{4,}[^/]*)(?=/|$)",
    re.I,
)
_HEX = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Measured:
    """One transaction. `start` is seconds since 1970; `layers` seconds by layer, but for the code's own."""

    name: str
    op: str
    environment: str
    release: str
    trace: bytes | None
    start: float
    duration_s: float
    failed: bool
    spans: int
    layers: dict[str, float]
    queries: list[Query] = field(default_factory=list)

    @property
    def end(self) -> float:
        return self.start + self.duration_s

    @property
    def duration_ms(self) -> float:
        return self.duration_s * 1000

    @property
    def is_task(self) -> bool:
        return self.op.startswith("queue.task")


def measured(raw: dict[str, Any], received: float) -> Measured:
    """Raises ValueError for what has no beginning or end, or ends before it begins."""
    start, end = seconds_of(raw.get("start_timestamp")), seconds_of(raw.get("timestamp"))
    if start is None or end is None:
        raise ValueError(
            "A transaction needs start_timestamp and timestamp, as seconds since 1970 or ISO 8601."
        )
    if not 0 <= end - start <= MAX_DURATION_S:
        raise ValueError(f"A transaction lasts from 0 s to {MAX_DURATION_S} s; this one {end - start:g} s.")
    trace = _table(_table(raw.get("contexts")).get("trace"))
    spans = raw.get("spans")
    given = [span for span in spans[:MAX_SPANS] if isinstance(span, dict)] if isinstance(spans, list) else []
    layers, queries = _of_spans(given, start, end)
    layers.pop(OWN, None)
    return Measured(
        name=_name(raw),
        op=_text(trace.get("op"), _OP_MAX) or "default",
        environment=environment_of(raw.get("environment")),
        release=release_of(raw.get("release")) or "",
        trace=_hexadecimal(trace.get("trace_id")),
        start=_believed(start, end, received),
        duration_s=end - start,
        failed=_text(trace.get("status"), 40) not in _FINE,
        spans=len(given),
        layers=layers,
        queries=queries,
    )


def _of_spans(spans: list[dict[str, Any]], start: float, end: float) -> tuple[dict[str, float], list[Query]]:
    stretches, queries = [], []
    for span in spans:
        begins, ends = seconds_of(span.get("start_timestamp")), seconds_of(span.get("timestamp"))
        op = span.get("op")
        if begins is None or ends is None or ends < begins or not isinstance(op, str):
            continue
        layer = layer_of(op[:_OP_MAX])
        stretches.append((begins, ends, layer))
        if layer == DATABASE and isinstance(span.get("description"), str):
            text = normalised(span["description"])
            if text is not None:
                parent = str(span.get("parent_span_id"))
                queries.append(Query(text, parent, (ends - begins) * 1000, _source(span.get("data"))))
    return time_by_layer(stretches, start, end), queries


def _believed(start: float, end: float, received: float) -> float:
    """When it began: what it says, unless its clock is past belief; then it ended when it was received."""
    return start if received - MAX_AGE_S <= end <= received + MAX_AHEAD_S else received - (end - start)


def _name(raw: dict[str, Any]) -> str:
    name = _text(raw.get("transaction"), _NAME_MAX) or "<unlabelled transaction>"
    if _table(raw.get("transaction_info")).get("source") == "url":
        # Addresses as they were asked for: each with an id would be a transaction of its own.
        name = _ID.sub("*", name)
    return _clean(name)


@lru_cache(maxsize=4096)
def _clean(name: str) -> str:
    return str(scrubber().value(name))[:_NAME_MAX]


def _source(data: Any) -> str:
    """`projects/views.py:31 in project_list`, of a query of which the SDK tells it."""
    if not isinstance(data, dict):
        return ""
    path = data.get("code.filepath") or data.get("code.file.path") or data.get("code.namespace")
    if not isinstance(path, str):
        return ""
    line = data.get("code.lineno") or data.get("code.line.number")
    function = data.get("code.function") or data.get("code.function.name")
    place = f"{path}:{line}" if isinstance(line, int) else path
    return _text(f"{place} in {function}" if isinstance(function, str) else place, _SOURCE_MAX)


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(character for character in value.strip() if character.isprintable())[:longest]


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _hexadecimal(value: Any) -> bytes | None:
    if not isinstance(value, str):
        return None
    digits = value.lower().replace("-", "")
    return bytes.fromhex(digits) if _HEX.fullmatch(digits) else None

"""The spans of a sample, in the order of their beginning beneath their parents, with their place in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.performance.layers import layer_of

DEEPEST = 12
"""Levels that are told apart by indentation."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A span. `left` and `width` are percents of the transaction's time."""

    op: str
    text: str
    layer: str
    depth: int
    duration_ms: float
    after_ms: float
    left: str
    width: str
    failed: bool
    data: Mapping[str, Any]


def bars_of(kept: Mapping[str, Any]) -> list[Bar]:
    """Of what `monitor.performance.arriving.kept_of` has written."""
    start, end = float(kept["start"]), float(kept["end"])
    spans = [span for span in kept["spans"] if _is_placed(span)]
    spans.sort(key=lambda span: (span["start"], -span["end"]))
    known = {span["id"] for span in spans}
    beneath: dict[Any, list[Mapping[str, Any]]] = {}
    for span in spans:
        parent = span["parent"] if span["parent"] in known and span["parent"] != span["id"] else None
        beneath.setdefault(parent, []).append(span)
    return [_bar(span, depth, start, max(end - start, 1e-9)) for span, depth in _walk(beneath, len(spans))]


def _walk(
    beneath: dict[Any, list[Mapping[str, Any]]], number: int
) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Depth first, without recursion; whoever is their own ancestor comes last."""
    waiting = [(span, 0) for span in reversed(beneath.get(None, []))]
    seen: set[int] = set()
    while waiting:
        span, depth = waiting.pop()
        if id(span) in seen:
            continue
        seen.add(id(span))
        yield span, depth
        waiting += [(child, depth + 1) for child in reversed(beneath.get(span["id"], []))]
    if len(seen) < number:
        yield from ((span, 0) for some in beneath.values() for span in some if id(span) not in seen)


def _bar(span: Mapping[str, Any], depth: int, start: float, length: float) -> Bar:
    left = min(max((span["start"] - start) / length, 0.0), 1.0)
    right = min(max((span["end"] - start) / length, left), 1.0)
    op = str(span.get("op") or "")
    return Bar(
        op=op,
        text=str(span.get("text") or ""),
        layer=layer_of(op),
        depth=min(depth, DEEPEST),
        duration_ms=(span["end"] - span["start"]) * 1000,
        after_ms=(span["start"] - start) * 1000,
        left=f"{100 * left:.3f}",
        # A hair at least: a short span is still there.
        width=f"{max(100 * (right - left), 0.3):.3f}",
        failed=span.get("status") not in {None, "ok", "cancelled", "unknown", ""},
        data=span.get("data") or {},
    )


def _is_placed(span: Mapping[str, Any]) -> bool:
    times = (span.get("start"), span.get("end"))
    return all(isinstance(time, int | float) for time in times) and span["end"] >= span["start"]

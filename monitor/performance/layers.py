"""Which layer took how long: each instant of a transaction belongs to the innermost span that runs in it alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

MIDDLEWARE, DATABASE, CACHE, TEMPLATE, HTTP, QUEUE, OWN = (
    "middleware",
    "database",
    "cache",
    "template",
    "http",
    "queue",
    "own",
)
LAYERS = (MIDDLEWARE, DATABASE, CACHE, TEMPLATE, HTTP, QUEUE)
"""Each is a column of TransactionBucket; what is left is OWN."""

_BY_PREFIX = (
    ("db.redis", CACHE),
    ("cache", CACHE),
    ("db", DATABASE),
    ("template", TEMPLATE),
    ("view.render", TEMPLATE),
    ("view.response.render", TEMPLATE),
    ("http.client", HTTP),
    ("grpc", HTTP),
    ("rpc", HTTP),
    ("middleware", MIDDLEWARE),
    ("queue", QUEUE),
)


@lru_cache(maxsize=512)
def layer_of(op: str) -> str:
    """By a span's op: https://develop.sentry.dev/sdk/telemetry/traces/span-operations/"""
    for prefix, layer in _BY_PREFIX:
        if op == prefix or op.startswith(f"{prefix}."):
            return layer
    return OWN


def time_by_layer(spans: Iterable[tuple[float, float, str]], start: float, end: float) -> dict[str, float]:
    """Seconds of each layer between `start` and `end`, from spans of (start, end, layer).

    Of spans that overlap, the one that began last has the time: the inner one where they are nested, and where they ran
    side by side nothing is counted twice. The values, with OWN among them, add up to `end - start`.
    """
    edges: list[tuple[float, int, int]] = []
    layers: list[str] = []
    for number, (begins, ends, layer) in enumerate(sorted(spans, key=lambda span: (span[0], -span[1]))):
        layers.append(layer)
        begins, ends = max(begins, start), min(ends, end)
        if begins < ends:
            # An end before a beginning at the same instant.
            edges += [(begins, 1, number), (ends, 0, number)]
    edges.sort()
    taken: dict[str, float] = {}
    running: list[int] = []
    at = start
    for moment, is_start, number in edges:
        if moment > at:
            layer = layers[running[-1]] if running else OWN
            taken[layer] = taken.get(layer, 0.0) + moment - at
            at = moment
        if is_start:
            running.append(number)
        else:
            running.remove(number)
    if end > at:
        taken[OWN] = taken.get(OWN, 0.0) + end - at
    return taken

"""`trace_metric` items as sentry-sdk sends them: https://develop.sentry.dev/sdk/telemetry/metrics/

{"items": [{"timestamp": …, "name": "requests", "type": "counter", "value": 3.0, "unit": …,
            "attributes": {"route": {"value": "projects/", "type": "string"}, "sentry.release": {…}, …}}, …]}
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from monitor.events.clock import MAX_AGE_S, MAX_AHEAD_S, seconds_of
from monitor.issues.collecting import scrubber
from monitor.metrics.models import Kind
from monitor.releases.naming import environment_of, release_of

MAX_METRICS = 10_000
"""In one item; the SDK sends a thousand."""
MAX_LABELS = 20
_NAME_MAX, _LABEL_MAX, _VALUE_MAX, _UNIT_MAX = 200, 64, 200, 30
_ABOUT_THE_SENDER = ("sentry.", "process.", "server.", "user.", "thread.", "os.", "browser.", "device.")
"""Attributes of this kind say who sends, not what is counted. A gauge keeps its server: two of them are two figures."""
_KINDS = frozenset(Kind.values)

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric, read. `time` is seconds since 1970; `labels` are sorted and scrubbed."""

    name: str
    kind: str
    value: float
    time: float
    unit: str
    environment: str
    release: str
    labels: Labels


def figures_of(payload: dict[str, Any], received: float) -> Iterator[Figure | None]:
    """Each metric of an item; None for one that cannot be read. Raises ValueError for what is no such item."""
    items = payload.get("items")
    if not isinstance(items, list) or len(items) > MAX_METRICS:
        raise ValueError(f"`items` of a trace_metric must be a list of at most {MAX_METRICS} metrics.")
    for raw in items:
        yield _figure(raw, received) if isinstance(raw, dict) else None


def _figure(raw: dict[str, Any], received: float) -> Figure | None:
    name, kind, value = raw.get("name"), raw.get("type"), raw.get("value")
    if not isinstance(name, str) or not 0 < len(name) <= _NAME_MAX or not name.isprintable():
        return None
    if kind not in _KINDS or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value)
    # A counter that goes down would make shares beyond all sense.
    if not math.isfinite(number) or abs(number) > 1e300 or (kind == Kind.COUNTER and number < 0):
        return None
    attributes = raw.get("attributes")
    given = attributes if isinstance(attributes, dict) else {}
    unit = raw.get("unit")
    return Figure(
        name,
        kind,
        number,
        _time(raw.get("timestamp"), received),
        unit[:_UNIT_MAX] if isinstance(unit, str) and unit.isprintable() else "",
        environment_of(_plain(given.get("sentry.environment"))),
        release_of(_plain(given.get("sentry.release"))) or "",
        _labels(given, keeps_server=kind == Kind.GAUGE),
    )


def _time(value: Any, received: float) -> float:
    seconds = seconds_of(value)
    if seconds is None or not received - MAX_AGE_S <= seconds <= received + MAX_AHEAD_S:
        return received
    return seconds


def _labels(attributes: dict[str, Any], *, keeps_server: bool) -> Labels:
    found = []
    for key, value in attributes.items():
        if key.startswith(_ABOUT_THE_SENDER) and not (keeps_server and key == "server.address"):
            continue
        text = _text(_plain(value))
        if text is not None and 0 < len(key) <= _LABEL_MAX and key.isprintable() and '"' not in key:
            found.append((key, text))
    found.sort()
    return _scrubbed(tuple(found[:MAX_LABELS]))


@lru_cache(maxsize=8192)
def _scrubbed(labels: Labels) -> Labels:
    # The same few again and again: once is enough. A route with <int:pk> is no secret, but a stranger's may hold one.
    clean = {key: value for key, value in labels}  # noqa: C416 - changed in place below
    scrubber().value(clean)
    return tuple((key, str(clean.get(key, ""))[:_VALUE_MAX]) for key, _ in labels if key in clean)


def _plain(attribute: Any) -> Any:
    """An attribute's value: `{"value": …, "type": …}`, or itself."""
    return attribute.get("value") if isinstance(attribute, dict) else attribute


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, str):
        return "".join(character for character in value if character.isprintable())[:_VALUE_MAX]
    return None

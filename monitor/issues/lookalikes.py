"""A flood is one event, thousands of times. What of it counts is read once; of the others only what differs.

Two raw events have one shape when they differ in nothing but what an issue, its tags and its counts do not depend on:
ids, times, locals, source lines, breadcrumbs, the request, the user. Left out is only what is known to be without
effect, so that whatever an SDK invents makes another shape, and is read in full. A payload that is to be kept is always
read in full, and scrubbed.

Looking for a shape costs a tenth of the reading, so it is done in floods only: when lately payloads were left out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from copy import copy
from hashlib import blake2b
from typing import Any

import orjson

from monitor.digest.collecting import Origin
from monitor.events.clock import event_time
from monitor.events.model import Json
from monitor.events.surroundings import user_key_of, user_of
from monitor.events.values import Remarks, is_storable
from monitor.issues.arrival import Arrival, user_hash
from monitor.issues.tag_choice import NAMED_CONTEXTS, NEVER

_WITHOUT_EFFECT = frozenset(
    {"event_id", "timestamp", "breadcrumbs", "request", "modules", "sdk", "_meta", "user", "spans"}
)
_OF_FRAMES = frozenset({"vars", "pre_context", "context_line", "post_context"})
_OF_EXCEPTIONS = frozenset({"thread_id"})
_OF_THREADS = frozenset({"id", "name"})
_ID_TAGS = NEVER - {"suppressed"}
_TAGS_MAX = 100
_KNOWN_MAX = 512
_FLOOD_SHARE = 0.25


class Lookalikes:
    """Arrivals by shape; one for the process."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Arrival] = OrderedDict()
        self.is_flood = False

    def note(self, *, sampled: int, total: int) -> None:
        """After each batch: how many of its events left their payload out."""
        if total:
            self.is_flood = sampled >= total * _FLOOD_SHARE

    def find(self, key: bytes, raw: Json, payload: bytes, origin: Origin, salt: bytes) -> Arrival | None:
        """An arrival as `read_arrival` would give it, but for its payload; None for a shape that is not known."""
        known = self._known.get(key)
        if known is None or origin.event_id is None:
            return None
        self._known.move_to_end(key)
        remarks = Remarks()
        user = user_key_of(user_of(copy(raw.get("user")), remarks), salt)
        found = copy(known)
        found.uid = bytes.fromhex(origin.event_id)
        found.received = origin.received
        found.timestamp = event_time(raw.get("timestamp"), origin.received, remarks)
        found.user = user_hash(user) if user else None
        found.raw = payload
        return found

    def learn(self, key: bytes, arrival: Arrival) -> None:
        """Without its payload."""
        known = copy(arrival)
        known.payload, known.error_id, known.trace = b"", None, None
        self._known[key] = known
        while len(self._known) > _KNOWN_MAX:
            self._known.popitem(last=False)


lookalikes = Lookalikes()


def shape_of(raw: Json, project_id: int) -> bytes | None:
    """A digest of all in `raw` that has an effect; None for what should rather be read in full. Changes nothing in it."""
    if any(key.startswith("sentry.") for key in raw) or not is_storable(raw.get("user")):
        return None
    shape: dict[str, Any] = {key: part for key, part in raw.items() if key not in _WITHOUT_EFFECT}
    shape["project"] = project_id
    for name, without in (("exception", _OF_EXCEPTIONS), ("threads", _OF_THREADS)):
        if name in shape:
            shape[name] = _values(shape[name], without)
    if "stacktrace" in shape:
        shape["stacktrace"] = _trace(shape["stacktrace"])
    contexts, extra = shape.get("contexts"), shape.get("extra")
    if type(contexts) is dict:
        shape["contexts"] = {name: _named(contexts[name]) for name in NAMED_CONTEXTS if name in contexts}
    if type(extra) is dict:
        shape["extra"] = extra.get("suppressed")
    if type(shape.get("tags")) is dict and len(shape["tags"]) <= _TAGS_MAX and "fingerprint" not in shape:
        # A fingerprint may be made of any tag.
        shape["tags"] = {key: value for key, value in shape["tags"].items() if key not in _ID_TAGS}
    try:
        return blake2b(orjson.dumps(shape), digest_size=16).digest()
    except TypeError:
        # Integers past 64 bits.
        return None


def _values(part: Any, without: Collection[str]) -> Any:
    if type(part) is dict and type(part.get("values")) is list:
        return {**part, "values": [_value(one, without) for one in part["values"]]}
    return [_value(one, without) for one in part] if type(part) is list else part


def _value(part: Any, without: Collection[str]) -> Any:
    if type(part) is not dict:
        return part
    return {
        key: _trace(value) if key == "stacktrace" else value
        for key, value in part.items()
        if key not in without
    }


def _trace(part: Any) -> Any:
    if type(part) is not dict or type(part.get("frames")) is not list:
        return part
    return {**part, "frames": [_frame(one) for one in part["frames"]]}


def _frame(part: Any) -> Any:
    if type(part) is not dict:
        return part
    return {key: value for key, value in part.items() if key not in _OF_FRAMES}


def _named(part: Any) -> Any:
    return [part.get("name"), part.get("version")] if type(part) is dict else part

"""Native crashes come as a minidump without an event: one is made, so that the crash is counted and can be found.

Nothing here symbolicates: all such crashes of a project are one issue unless the reporter says more in `sentry`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitor.digest.collecting import Origin
from monitor.events.model import Json
from monitor.protocol import Item, ProtocolError, load_json

_DUMPS = frozenset({"event.minidump", "event.applecrashreport", "unreal.context"})
_FIELD = "sentry"


class Crashes:
    """Of a batch: what its minidumps and their forms say, by record."""

    def __init__(self) -> None:
        self._dumps: dict[str, Origin] = {}
        self._fields: dict[str, list[tuple[str, str]]] = {}

    def see(self, item: Item, origin: Origin) -> None:
        """An attachment or form data. Of an envelope with an event the event says what there is to say."""
        if origin.has_event:
            return
        if item.type == "form_data":
            self._fields[origin.record] = list(_pairs(load_json(item.payload)))
        elif item.headers.get("attachment_type") in _DUMPS:
            self._dumps[origin.record] = origin

    def events(self) -> Iterator[tuple[Json, Origin]]:
        """The raw event of each crash."""
        for record, origin in self._dumps.items():
            yield _event(self._fields.get(record, [])), origin


def _event(fields: list[tuple[str, str]]) -> Json:
    raw: Json = {
        "platform": "native",
        "level": "fatal",
        "exception": {
            "values": [
                {
                    "type": "Minidump",
                    "value": "The process crashed; its memory is attached.",
                    "mechanism": {"type": "minidump", "handled": False, "synthetic": True},
                }
            ]
        },
    }
    extra = {}
    for name, value in fields:
        if name == _FIELD:
            raw |= _object(value)
        elif name.startswith(f"{_FIELD}[") and name.endswith("]"):
            _put(raw, name[len(_FIELD) + 1 : -1].split("]["), value)
        else:
            extra[name] = value
    if extra:
        given = raw.get("extra")
        raw["extra"] = {**extra, **given} if type(given) is dict else extra
    return raw


def _put(raw: Json, path: list[str], value: str) -> None:
    """`sentry[tags][build]=7`, as crash reporters write it."""
    for name in path[:-1]:
        inner = raw.setdefault(name, {})
        if type(inner) is not dict:
            return
        raw = inner
    raw[path[-1]] = value


def _object(text: str) -> Json:
    try:
        found = load_json(text.encode())
    except ProtocolError:
        # Secondary data is often broken; the dump is what counts.
        return {}
    return found if type(found) is dict else {}


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    for pair in value if type(value) is list else ():
        if type(pair) is list and len(pair) == 2 and all(type(part) is str for part in pair):
            yield pair[0], pair[1]

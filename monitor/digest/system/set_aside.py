"""What could not be digested, made readable: scrubbed where it is text, as bytes where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

from monitor.events.scrub import EventScrubber
from monitor.ingest.spool.aside import AsideRecord, AsideShelf
from monitor.protocol import DEFAULT_LIMITS, ProtocolError, decode_whole
from monitor.protocol.json_payload import load_json
from monitor.site.strategy_file import current_strategy

TEXT_MAX = 20_000
"""Characters of an item that are shown."""
JSON_MAX = 2 * 1024 * 1024
"""What is larger is not taken apart: this is a process that serves pages."""
HEAD_BYTES = 512
_HEX_LINE = 16


@dataclass(frozen=True)
class Part:
    """One item, or the whole body where it has none."""

    title: str
    text: str
    note: str = ""


def shelf() -> AsideShelf:
    return AsideShelf(Path(settings.SPOOL_DIRECTORY))


def parts_of(aside: AsideRecord) -> list[Part]:
    """Total: whatever it is, something is shown."""
    record = aside.record
    if record is None:
        return [
            Part("Bytes that are no record", "", "The spool was damaged here; they can only be thrown away.")
        ]
    if record.meta.kind == "counts":
        return [_part("Counts of the receiving end", record.body)]
    try:
        items = record.envelope().items
    except ProtocolError:
        return [_body(record.body, record.meta.encodings)]
    return [_part(f"{item.type}, {len(item.payload):,} bytes", item.payload) for item in items]


def _body(body: bytes, encodings: tuple[str, ...]) -> Part:
    try:
        body = decode_whole(body, encodings, DEFAULT_LIMITS.envelope)
    except ProtocolError:
        return Part("The body as it came", hex_head(body), _head_note(body))
    return _part("The body, unpacked", body)


def _part(title: str, payload: bytes) -> Part:
    if len(payload) > JSON_MAX:
        return _text_or_bytes(title, payload)
    try:
        found: Any = load_json(payload)
    except ProtocolError:
        return _text_or_bytes(title, payload)
    try:
        cleaned = _scrubber().value(found)
        text = orjson.dumps(cleaned, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, RecursionError):  # deeper nested, or with larger numbers, than can be written again
        return _text_or_bytes(title, payload)
    return _cut(title, text)


def _text_or_bytes(title: str, payload: bytes) -> Part:
    head = payload[: TEXT_MAX * 4]
    try:
        text = head.decode("utf-8", "strict" if len(head) == len(payload) else "ignore")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return Part(title, hex_head(payload), _head_note(payload))
    return _cut(title, _scrubber().text(text[: TEXT_MAX + 1]))


def _cut(title: str, text: str) -> Part:
    if len(text) <= TEXT_MAX:
        return Part(title, text)
    return Part(title, text[:TEXT_MAX], f"The first {TEXT_MAX:,} characters.")


def _head_note(payload: bytes) -> str:
    return f"The first {HEAD_BYTES} bytes of {len(payload):,}." if len(payload) > HEAD_BYTES else ""


def hex_head(data: bytes) -> str:
    """As a hex editor shows it: place, bytes, what can be read of them."""
    lines = []
    for start in range(0, min(len(data), HEAD_BYTES), _HEX_LINE):
        row = data[start : start + _HEX_LINE]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:04x}  {row.hex(' '):<{_HEX_LINE * 3}} {shown}")
    return "\n".join(lines)


@lru_cache(maxsize=1)
def _scrubber() -> EventScrubber:
    return EventScrubber.of_strategy(current_strategy())

"""Envelopes, read as they come: https://develop.sentry.dev/sdk/data-model/envelopes/

    {"event_id": …, "dsn": …}\\n
    {"type": "event", "length": 41}\\n      length-given: may hold newlines, must end at one or at the end
    <41 bytes>\\n
    {"type": "session"}\\n                  length-less: until the next newline or the end
    <bytes>

The receiving end needs no payloads: it scans an envelope of 100 MB in steps of 64 KB, to know that it is whole, who
sent it and what is in it, and keeps the bytes as they came. Whoever reads the spool wants payloads, and parses.
Beyond the letter, as tolerant as Relay: blank lines between items, a carriage return after headers, whitespace at
the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from monitor.protocol.errors import ProtocolError, Reason
from monitor.protocol.item_types import ItemType, item_type, quantities
from monitor.protocol.limits import DEFAULT_LIMITS, ItemAccount, Limits, too_large

_BLANK = b" \t\r\n"


@dataclass(slots=True)
class Span:
    """Where in the envelope an item's payload is: from `start` to `end`, in bytes."""

    headers: dict[str, Any]
    type: ItemType
    start: int
    end: int = -1

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Item:
    """`type` is as sent, which may be one that the table does not have: then `kind.known` is False."""

    headers: dict[str, Any]
    payload: bytes

    @property
    def type(self) -> str:
        return str(self.headers["type"])

    @property
    def kind(self) -> ItemType:
        return item_type(self.type)

    @property
    def quantities(self) -> dict[str, int]:
        return quantities(self.headers, len(self.payload))


@dataclass(frozen=True, slots=True)
class Envelope:
    """The event id of the headers wins over the payload's; it is 32 hexadecimal digits, or None."""

    headers: dict[str, Any]
    items: list[Item] = field(default_factory=list)

    @property
    def event_id(self) -> str | None:
        return event_id_of(self.headers)


class EnvelopeScanner:
    """Feed it the envelope in chunks of any size, then `finish()`. Raises ProtocolError as soon as it must.

    `headers` is None until the first line is there. `spans` has the items seen so far, the last one maybe unfinished.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.headers: dict[str, Any] | None = None
        self.spans: list[Span] = []
        self._account = ItemAccount(limits)
        self._line_max = limits.header_line
        self._pending = b""
        self._offset = 0
        self._payload: Span | None = None
        self._wanted = 0
        self._ends_at_newline = False

    @property
    def event_id(self) -> str | None:
        return event_id_of(self.headers or {})

    def feed(self, chunk: bytes) -> None:
        data = self._pending + chunk if self._pending else chunk
        position = 0
        while position < len(data):
            if self._payload is None:
                following = self._header(data, position)
            elif self._ends_at_newline:
                following = self._payload_to_newline(data, position)
            else:
                following = self._payload_of_length(data, position)
            if following < 0:
                break
            position = following
        self._offset += position
        self._pending = data[position:]

    def finish(self) -> None:
        """The envelope ends here."""
        if self._payload is None and self._pending.strip(_BLANK):
            # A last header line without its newline.
            self._offset += len(self._pending)
            self._begin(self._pending, self._offset)
            self._pending = b""
        if self.headers is None:
            raise _invalid("it is empty, without even the line of envelope headers")
        if self._payload is None:
            return
        if self._wanted > 0:
            raise _invalid(
                f"it ends {self._wanted} bytes before the end of an item of type {self._payload.type.name!r}"
            )
        if self._payload.end < 0:
            self._end(self._offset)
        self._payload = None

    def _header(self, data: bytes, position: int) -> int:
        end = data.find(b"\n", position)
        if end < 0:
            if len(data) - position > self._line_max:
                raise too_large("header", f"a line of more than {self._line_max:,} bytes")
            return -1
        line = data[position:end]
        if line.strip(_BLANK):
            self._begin(line, self._offset + end + 1)
        return end + 1

    def _begin(self, line: bytes, payload_start: int) -> None:
        if len(line) > self._line_max:
            raise too_large("header", f"a line of more than {self._line_max:,} bytes")
        headers = _parse_headers(line, "envelope" if self.headers is None else "item")
        if self.headers is None:
            headers_id = headers.get("event_id")
            if headers_id is not None and event_id_of(headers) is None:
                raise _invalid(f"its event_id is {str(headers_id)[:40]!r}; it must be 32 hexadecimal digits")
            self.headers = headers
            return
        name = headers.get("type")
        if not isinstance(name, str):
            raise _invalid("an item has no type")
        kind = item_type(name)
        self._account.begin(name, kind.limit)
        length = headers.get("length")
        if length is not None:
            if type(length) is not int or length < 0:
                raise _invalid(f"the length of an item is {str(length)[:20]!r}; it must be a number of bytes")
            self._account.check(name, kind.limit, length)
        self._payload = Span(headers, kind, payload_start)
        self._wanted = length or 0
        self._ends_at_newline = length is None
        self.spans.append(self._payload)

    def _payload_of_length(self, data: bytes, position: int) -> int:
        span = self._current()
        if self._wanted:
            taken = min(self._wanted, len(data) - position)
            self._wanted -= taken
            if self._wanted == 0:
                self._end(self._offset + position + taken)
            return position + taken
        if span.end < 0:
            self._end(span.start)
        if data[position] != 0x0A:
            raise _invalid(
                f"no newline follows the {span.size} bytes of an item of type {span.type.name!r}; its length is wrong"
            )
        self._payload = None
        return position + 1

    def _payload_to_newline(self, data: bytes, position: int) -> int:
        span = self._current()
        end = data.find(b"\n", position)
        reached = self._offset + (end if end >= 0 else len(data))
        self._account.check(str(span.headers["type"]), span.type.limit, reached - span.start)
        if end < 0:
            return len(data)
        self._end(reached)
        self._payload = None
        return end + 1

    def _end(self, at: int) -> None:
        span = self._current()
        span.end = at
        self._account.end(span.type.limit, span.size)

    def _current(self) -> Span:
        assert self._payload is not None  # noqa: S101 - only reached within a payload
        return self._payload


def parse_envelope(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Envelope:
    """The whole envelope with its payloads. Raises ProtocolError: invalid_envelope, too_large."""
    scanner = EnvelopeScanner(limits)
    scanner.feed(data)
    scanner.finish()
    items = [Item(span.headers, data[span.start : span.end]) for span in scanner.spans]
    return Envelope(scanner.headers or {}, items)


def serialise_envelope(headers: dict[str, Any], items: Iterable[tuple[dict[str, Any], bytes]]) -> bytes:
    """An envelope of our own making: each item with its length."""
    parts = [orjson.dumps(headers)]
    for item_headers, payload in items:
        parts += (orjson.dumps({**item_headers, "length": len(payload)}), payload)
    return b"\n".join(parts) + b"\n"


def event_id_of(headers: dict[str, Any]) -> str | None:
    """32 hexadecimal digits in lower case; None when it is missing, malformed or all zeros."""
    return normalise_event_id(headers.get("event_id"))


def normalise_event_id(value: object) -> str | None:
    if not isinstance(value, str) or len(value) not in (32, 36):
        return None
    digits = value.replace("-", "").lower()
    if len(digits) != 32 or not set(digits) <= _HEX or digits == _NIL:
        return None
    return digits


_HEX = frozenset("0123456789abcdef")
_NIL = "0" * 32


def _parse_headers(line: bytes, of: str) -> dict[str, Any]:
    try:
        headers = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _invalid(f"the {of} headers are no JSON: {error}") from error
    if not isinstance(headers, dict):
        raise _invalid(f"the {of} headers must be a JSON object")
    return headers


def _invalid(what: str) -> ProtocolError:
    return ProtocolError(Reason.INVALID_ENVELOPE, f"Invalid event envelope: {what}.")

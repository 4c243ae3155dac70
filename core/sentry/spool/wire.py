"""Envelopes as bytes: made once in the caller, completed and compressed in the sender.

The format is Sentry's: a line of envelope headers, then for each item a line of headers (with `length`) and
its payload. https://develop.sentry.dev/sdk/data-model/envelopes/
"""

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sentry_sdk.envelope import Envelope, Item, PayloadRef

from core.sentry.spool.entry import Priority

COMPRESS_FROM_BYTES = 1024
_COMPRESSION_LEVEL = 4
_GZIP = 16 + zlib.MAX_WBITS

_PRIORITIES = {
    "event": Priority.ERRORS,
    "feedback": Priority.ERRORS,
    "user_report": Priority.ERRORS,
    "check_in": Priority.ERRORS,
    "session": Priority.COUNTS,
    "sessions": Priority.COUNTS,
    "client_report": Priority.COUNTS,
    "trace_metric": Priority.COUNTS,
}
_LEFT_OUT = frozenset({"dsn", "sent_at"})
"""The key belongs to the sender's settings, and the time of sending is not yet known."""


class BrokenEnvelopeError(ValueError):
    """A file that is no envelope: cut short when the machine lost power (the spool does not fsync)."""


def priority_of(envelope: Envelope) -> Priority:
    return min(
        (_PRIORITIES.get(item.type or "", Priority.SAMPLES) for item in envelope.items),
        default=Priority.SAMPLES,
    )


def category_of(item_type: str | None, headers: Mapping[str, Any]) -> str:
    """Sentry's data category: what rate limits and client reports are counted in."""
    if item_type in ("feedback", "user_report"):
        return "feedback"
    return Item(payload=b"", headers=dict(headers)).data_category


def quantities_of(item: Item) -> Counter[str]:
    """What is lost if this item is lost, by data category, counted as the SDK's own transport counts."""
    category = category_of(item.type, item.headers)
    if category == "transaction":
        transaction = item.get_transaction_event() or {}
        spans: Any = transaction.get("spans") or []
        return Counter({"transaction": 1, "span": len(spans) + 1})
    if category == "attachment":
        return Counter({"attachment": len(item.get_bytes()) or 1})
    if category in ("span", "log_item", "trace_metric"):
        item_count = item.headers.get("item_count")
        return Counter({category: item_count if isinstance(item_count, int) and item_count > 0 else 1})
    return Counter({category: 1})


def serialise(envelope: Envelope) -> bytes:
    """The envelope without DSN and time of sending. Never raises for what a hook put into it."""
    headers = {key: value for key, value in envelope.headers.items() if key not in _LEFT_OUT}
    try:
        return Envelope(headers=headers, items=envelope.items).serialize()
    except (TypeError, ValueError):
        # A hook left a NaN or an object in the event after the SDK had serialised it. The SDK would lose the
        # event in its thread without a word; here the value loses its content. No foreign __str__ is run.
        items = [_plain(item) for item in envelope.items]
        return Envelope(headers=json.loads(_tolerant(headers)), items=items).serialize()


def _plain(item: Item) -> Item:
    if item.payload.json is None:
        return item
    return Item(payload=PayloadRef(bytes=_tolerant(item.payload.json)), headers=item.headers)


def _tolerant(value: object) -> bytes:
    text = json.dumps(value, default=lambda odd: f"<{type(odd).__name__}>", skipkeys=True)
    return json.dumps(json.loads(text, parse_constant=str), separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is posted: nothing when a rate limit took every item."""

    body: bytes
    headers: dict[str, str]
    withheld: Counter[str]


def prepare(raw: bytes, is_limited: Callable[[str], bool]) -> Outgoing | None:
    """Complete an envelope for sending, without the items whose category is rate limited.

    Raises BrokenEnvelopeError.
    """
    head, _, rest = raw.partition(b"\n")
    headers = _headers(head)
    kept: list[bytes] = []
    withheld: Counter[str] = Counter()
    for item_headers, chunk in _items(rest):
        category = category_of(item_headers.get("type"), item_headers)
        if is_limited(category):
            withheld[category] += 1
        else:
            kept.append(chunk)
    if not kept:
        return None
    headers["sent_at"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    body = json.dumps(headers, separators=(",", ":")).encode() + b"\n" + b"".join(kept)
    content = {"Content-Type": "application/x-sentry-envelope"}
    if len(body) >= COMPRESS_FROM_BYTES:
        # Here and not in the caller: it costs more than writing the bytes saved, and zlib lets other threads run.
        body = zlib.compress(body, _COMPRESSION_LEVEL, wbits=_GZIP)
        content["Content-Encoding"] = "gzip"
    return Outgoing(body=body, headers=content, withheld=withheld)


def _headers(line: bytes) -> dict[str, Any]:
    try:
        headers = json.loads(line)
    except ValueError as error:
        raise BrokenEnvelopeError(f"No envelope: it begins with {line[:40]!r}.") from error
    if not isinstance(headers, dict):
        raise BrokenEnvelopeError(f"No envelope: its headers are {line[:40]!r}.")
    return headers


def _items(rest: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Each item's headers with its bytes, both lines and the closing newline included."""
    start = 0
    while start < len(rest):
        line_end = rest.find(b"\n", start)
        headers = _headers(rest[start : line_end if line_end >= 0 else len(rest)])
        length = headers.get("length")
        end = line_end + 1 + length if isinstance(length, int) and length >= 0 else -1
        if line_end < 0 or end < 0 or end > len(rest):
            raise BrokenEnvelopeError(f"The envelope ends within an item of type {headers.get('type')!r}.")
        yield headers, rest[start:end] + b"\n"
        start = end + 1

"""The store endpoint, from before there were envelopes: one event as JSON, or as base64 of zlib of JSON."""

import base64
import binascii
import zlib
from uuid import uuid4

from monitor.protocol.encodings import decode_whole
from monitor.protocol.envelope import normalise_event_id, serialise_envelope
from monitor.protocol.errors import ProtocolError, Reason
from monitor.protocol.json_payload import load_object

_ITEM_TYPES = {
    "transaction": "transaction",
    "feedback": "feedback",
    "csp": "security",
    "hpkp": "security",
    "expectct": "security",
    "expectstaple": "security",
}

PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""What a GET is answered with: it comes from an <img>."""


def envelope_from_store(body: bytes, limit: int) -> tuple[str, bytes]:
    """The event's id and an envelope with the event in it, its payload untouched.

    Raises ProtocolError: empty_body, too_large, invalid_encoding, invalid_json.
    """
    payload = _unwrapped(body.strip(), limit)
    if not payload:
        raise ProtocolError(Reason.EMPTY_BODY, "Empty request body: send the event as JSON.")
    if len(payload) > limit:
        raise ProtocolError(Reason.TOO_LARGE, f"The event has {len(payload):,} bytes; {limit:,} are taken.")
    event = load_object(payload)
    event_id = normalise_event_id(event.get("event_id")) or uuid4().hex
    kind = _ITEM_TYPES.get(str(event.get("type")), "event")
    return event_id, serialise_envelope({"event_id": event_id}, [({"type": kind}, payload)])


def _unwrapped(body: bytes, limit: int) -> bytes:
    if not body or body[:1] in b"{[":
        return body
    if _looks_like_zlib(body):
        return decode_whole(body, ("deflate",), limit)
    try:
        # Old clients break base64 into lines, and turn + into a space in query strings.
        binary = base64.b64decode(
            body.replace(b" ", b"+").replace(b"\n", b"").replace(b"\r", b""), validate=True
        )
    except binascii.Error as error:
        raise ProtocolError(Reason.INVALID_JSON, "The event is neither JSON nor base64 of it.") from error
    return binary if binary[:1] == b"{" else decode_whole(binary, ("deflate",), limit)


def _looks_like_zlib(body: bytes) -> bool:
    try:
        zlib.decompressobj().decompress(body[:64], 1)
    except zlib.error:
        return False
    return True

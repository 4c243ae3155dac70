"""Sentry's wire protocol, as its developer documentation and Relay say it: bytes in, plain objects out, no Django.

Whatever the bytes are, what is raised is a `ProtocolError`, which carries the HTTP status that Relay answers.
"""

from monitor.protocol.auth import Credentials, read_credentials
from monitor.protocol.dsn import Dsn, parse_dsn
from monitor.protocol.encodings import decode, decode_whole, parse_content_encoding
from monitor.protocol.envelope import Envelope, EnvelopeScanner, Item, parse_envelope, serialise_envelope
from monitor.protocol.errors import ProtocolError, Reason
from monitor.protocol.item_types import ITEM_TYPES, ItemType, quantities
from monitor.protocol.json_payload import load_json
from monitor.protocol.limits import DEFAULT_LIMITS, Limits
from monitor.protocol.rate_limits import RateLimit, format_rate_limits

__all__ = [
    "DEFAULT_LIMITS",
    "ITEM_TYPES",
    "Credentials",
    "Dsn",
    "Envelope",
    "EnvelopeScanner",
    "Item",
    "ItemType",
    "Limits",
    "ProtocolError",
    "RateLimit",
    "Reason",
    "decode",
    "decode_whole",
    "format_rate_limits",
    "load_json",
    "parse_content_encoding",
    "parse_dsn",
    "parse_envelope",
    "quantities",
    "read_credentials",
    "serialise_envelope",
]

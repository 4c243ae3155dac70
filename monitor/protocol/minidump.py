"""Native crashes: a minidump with what goes with it, kept as attachments. Nothing here symbolicates."""

from typing import Any
from uuid import uuid4

import orjson

from monitor.protocol.envelope import normalise_event_id, serialise_envelope
from monitor.protocol.errors import ProtocolError, Reason
from monitor.protocol.json_payload import load_object
from monitor.protocol.multipart import Part, boundary_of, parse_multipart

MINIDUMP_FIELD = "upload_file_minidump"
_RAW_TYPES = ("application/octet-stream", "application/x-dmp")
_MAGIC = (b"MDMP", b"PMDM")
_PACKED_MAGIC = (b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd")
"""gzip, xz, bzip2, zstd: kept as packed as they came."""
_ATTACHMENT_TYPES = {
    MINIDUMP_FIELD: "event.minidump",
    "__sentry-event": "event.payload",
    "__sentry-breadcrumb1": "event.breadcrumbs",
    "__sentry-breadcrumb2": "event.breadcrumbs",
    "view-hierarchy.json": "event.view_hierarchy",
}


def envelope_from_minidump(body: bytes, content_type: str) -> tuple[str, bytes]:
    """The event id and an envelope of attachments and form data, from a form or from the bare dump.

    Raises ProtocolError: invalid_minidump, invalid_multipart.
    """
    if content_type.partition(";")[0].strip().lower() in _RAW_TYPES:
        parts = [Part(MINIDUMP_FIELD, "Minidump", "application/x-dmp", body)]
    else:
        parts = parse_multipart(body, boundary_of(content_type))
    dump = next((part for part in parts if part.name == MINIDUMP_FIELD), None)
    if dump is None:
        raise _invalid(f"the form has no field {MINIDUMP_FIELD}")
    if not dump.content.startswith(_MAGIC + _PACKED_MAGIC):
        raise _invalid("it does not begin with MDMP")
    event_id = _event_id(parts) or uuid4().hex
    items = [(_headers(part), part.content) for part in parts if part.filename is not None]
    fields = [(part.name, part.content.decode("utf-8", "replace")) for part in parts if part.filename is None]
    if fields:
        items.append(({"type": "form_data"}, orjson.dumps(fields)))
    return event_id, serialise_envelope({"event_id": event_id}, items)


def hyphenated(event_id: str) -> str:
    """As minidump clients want it in the answer."""
    return "-".join((event_id[:8], event_id[8:12], event_id[12:16], event_id[16:20], event_id[20:]))


def _event_id(parts: list[Part]) -> str | None:
    for part in parts:
        if part.name == "sentry[event_id]":
            return normalise_event_id(part.content.decode("latin-1").strip())
        if part.name == "sentry":
            try:
                return normalise_event_id(load_object(part.content).get("event_id"))
            except ProtocolError:
                # Secondary data is often broken; the dump is what counts.
                return None
    return None


def _headers(part: Part) -> dict[str, Any]:
    name = (part.filename or part.name).replace("\\", "/").rpartition("/")[2]
    return {
        "type": "attachment",
        "attachment_type": _ATTACHMENT_TYPES.get(part.name, "event.attachment"),
        "filename": name[:200] or "unnamed",
        "content_type": part.content_type[:100] or "application/octet-stream",
    }


def _invalid(what: str) -> ProtocolError:
    return ProtocolError(Reason.INVALID_MINIDUMP, f"Invalid minidump: {what}.")

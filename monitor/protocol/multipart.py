"""multipart/form-data, as crash reporters send it (RFC 7578). The standard library lost its parser with `cgi`."""

import re
from dataclasses import dataclass

from monitor.protocol.errors import ProtocolError, Reason

_PARTS_MAX = 100
_HEAD_MAX = 8 * 1024
_PARAMETER = re.compile(rb';\s*(name|filename)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One field of the form; `filename` is None when it is no file."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def boundary_of(content_type: str) -> bytes:
    """Raises ProtocolError (invalid_multipart)."""
    found = re.search(r'boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;,]{1,70}))', content_type, re.IGNORECASE)
    if found is None or not content_type.lower().lstrip().startswith("multipart/form-data"):
        raise _invalid("the Content-Type must be multipart/form-data with a boundary")
    return (found[1] or found[2]).encode("latin-1", "replace")


def parse_multipart(body: bytes, boundary: bytes) -> list[Part]:
    """Raises ProtocolError (invalid_multipart). A missing last delimiter is let pass: some reporters crash too."""
    delimiter = b"\r\n--" + boundary
    position = body.find(b"--" + boundary)
    if position < 0:
        raise _invalid("its boundary does not occur in it")
    position += len(boundary) + 2
    parts: list[Part] = []
    while body[position : position + 2] != b"--" and position < len(body):
        head_start = body.find(b"\r\n", position)
        head_end = body.find(b"\r\n\r\n", head_start if head_start >= 0 else position)
        if head_start < 0 or head_end < 0 or head_end - head_start > _HEAD_MAX:
            raise _invalid("a part has no headers, or too many")
        end = body.find(delimiter, head_end)
        end = len(body) if end < 0 else end
        parts.append(_part(body[head_start + 2 : head_end], body[head_end + 4 : max(end, head_end + 4)]))
        if len(parts) > _PARTS_MAX:
            raise _invalid(f"it has more than {_PARTS_MAX} parts")
        position = end + len(delimiter)
    return parts


def _part(head: bytes, content: bytes) -> Part:
    fields = {}
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip()
    parameters = {}
    for found in _PARAMETER.finditer(fields.get(b"content-disposition", b"")):
        text = found[2] if found[2] is not None else found[3]
        parameters[found[1].lower()] = text.replace(b'\\"', b'"').decode("utf-8", "replace")
    if b"name" not in parameters:
        raise _invalid("a part has no name")
    return Part(
        name=parameters[b"name"],
        filename=parameters.get(b"filename"),
        content_type=fields.get(b"content-type", b"").decode("latin-1"),
        content=content,
    )


def _invalid(what: str) -> ProtocolError:
    return ProtocolError(Reason.INVALID_MULTIPART, f"Invalid multipart data: {what}.")

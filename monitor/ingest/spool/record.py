"""One accepted submission as bytes on disk, such that a torn or damaged one is known for what it is.

    magic (4)  length (4, little endian)  CRC-32 of the rest (4)
    length of the meta data (2)  meta data as JSON  body as it came, still compressed

The magic is for finding the next record after a damaged one; the checksum decides.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

import orjson

from monitor.protocol import (
    DEFAULT_LIMITS,
    Envelope,
    Limits,
    ProtocolError,
    decode_whole,
    parse_envelope,
)
from monitor.protocol.errors import Reason

MAGIC = b"\xa7HM1"
_HEAD = struct.Struct("<4sII")
_META_LENGTH = struct.Struct("<H")
HEAD_BYTES = _HEAD.size
_LENGTH_MAX = 256 * 1024 * 1024
_SCAN_STEP = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RecordMeta:
    """What the receiving end knows and the body does not say. `received_at` is a Unix time in seconds."""

    project_id: int
    received_at: float
    key: str = ""
    event_id: str | None = None
    encodings: tuple[str, ...] = ()
    client: str = ""
    remote_addr: str = ""
    user_agent: str = ""
    skipped: tuple[int, ...] = ()
    """Positions of items that a rate limit took; `Record.envelope` leaves them out."""
    kind: str = "envelope"
    """`envelope`, or `counts`: what the receiving end has counted."""

    def to_json(self) -> bytes:
        return orjson.dumps({name: value for name, value in _fields(self) if value not in _EMPTY})

    @classmethod
    def from_json(cls, data: bytes) -> "RecordMeta":
        fields = orjson.loads(data)
        for name in ("encodings", "skipped"):
            if name in fields:
                fields[name] = tuple(fields[name])
        return cls(**{name: value for name, value in fields.items() if name in cls.__slots__})


_EMPTY = (None, "", (), "envelope")


def _fields(meta: RecordMeta) -> Iterator[tuple[str, Any]]:
    for name in RecordMeta.__slots__:
        yield name, getattr(meta, name)


@dataclass(frozen=True, slots=True)
class Record:
    """As read back. (`segment`, `offset`) is unique for ever, also for what has no event id."""

    meta: RecordMeta
    body: bytes = field(repr=False)
    segment: str = ""
    offset: int = 0

    @property
    def id(self) -> str:
        return f"{self.segment}:{self.offset}"

    def envelope(self, limits: Limits = DEFAULT_LIMITS) -> Envelope:
        """Unpacked and parsed. Raises ProtocolError, though the receiving end has looked through it once."""
        found = parse_envelope(decode_whole(self.body, self.meta.encodings, limits.envelope), limits)
        if not self.meta.skipped:
            return found
        kept = [item for number, item in enumerate(found.items) if number not in self.meta.skipped]
        return Envelope(found.headers, kept)

    def counts(self) -> list["Count"]:
        """Of a record of kind `counts`. Raises ProtocolError."""
        try:
            return [Count(*row) for row in orjson.loads(self.body)]
        except (orjson.JSONDecodeError, TypeError) as error:
            raise ProtocolError(
                Reason.INVALID_JSON, f"The record {self.id} holds no counts: {error}."
            ) from error


@dataclass(frozen=True, slots=True)
class Count:
    """So much of a data category of a project (0: none that is known) was accepted, or refused for `reason`."""

    project_id: int
    outcome: str
    reason: str
    category: str
    quantity: int

    def as_row(self) -> list[Any]:
        return list(asdict(self).values())


def pack(meta: RecordMeta, body: bytes) -> tuple[bytes, bytes]:
    """Head with meta data, and the body as it is: two buffers for one writev."""
    head = meta.to_json()
    head = _META_LENGTH.pack(len(head)) + head
    checksum = zlib.crc32(body, zlib.crc32(head))
    return _HEAD.pack(MAGIC, len(head) + len(body), checksum) + head, body


def read_record(file: BinaryIO, segment: str, offset: int) -> Record | None:
    """The record at the file's position; None when there is no whole and sound one."""
    head = file.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES:
        return None
    magic, length, checksum = _HEAD.unpack(head)
    if magic != MAGIC or not 2 <= length <= _LENGTH_MAX:
        return None
    payload = file.read(length)
    if len(payload) < length or zlib.crc32(payload) != checksum:
        return None
    (meta_length,) = _META_LENGTH.unpack_from(payload)
    try:
        meta = RecordMeta.from_json(payload[2 : 2 + meta_length])
    except (ValueError, TypeError):
        # Sound bytes of another version of the monitor: set aside like damaged ones.
        return None
    return Record(meta, payload[2 + meta_length :], segment, offset)


def find_next(file: BinaryIO, start: int, segment: str) -> int | None:
    """Where the next sound record begins after `start`; None when there is none up to the end."""
    base, carried = start, b""
    file.seek(start)
    while data := file.read(_SCAN_STEP):
        window = carried + data
        at = window.find(MAGIC)
        while at >= 0:
            file.seek(base + at)
            if read_record(file, segment, base + at) is not None:
                return base + at
            at = window.find(MAGIC, at + 1)
        carried = window[-(len(MAGIC) - 1) :]
        base += len(window) - len(carried)
        file.seek(base + len(carried))
    return None

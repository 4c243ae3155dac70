"""Payloads that are kept together, as bytes: lengths, then one after the other, compressed as one.

Events of one issue say nearly the same, so most of an event is a reference to the one before it.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence

import zstandard

BLOCK_BYTES = 1024 * 1024
"""Of payloads, before compression. A page reads one block for one event: a millisecond or two."""

_LEVEL = 3
_NUMBER = struct.Struct("<I")


class DamagedBlockError(Exception):
    """These bytes are no block: cut short, overwritten, or rotten. The checksum tells."""


def grouped(payloads: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Runs of neighbours, each of about a block's size; what is larger stands alone."""
    start = size = 0
    for number, payload in enumerate(payloads):
        if number > start and size + len(payload) > BLOCK_BYTES:
            yield payloads[start:number]
            start, size = number, 0
        size += len(payload)
    if start < len(payloads):
        yield payloads[start:]


def pack(payloads: Sequence[bytes]) -> bytes:
    lengths = (_NUMBER.pack(len(payload)) for payload in payloads)
    raw = b"".join((_NUMBER.pack(len(payloads)), *lengths, *payloads))
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(raw)


def unpack(block: bytes) -> list[bytes]:
    """Raises DamagedBlockError."""
    try:
        raw = zstandard.ZstdDecompressor().decompress(block)
        (count,) = _NUMBER.unpack_from(raw)
        lengths = struct.unpack_from(f"<{count}I", raw, _NUMBER.size)
    except (zstandard.ZstdError, struct.error) as error:
        raise DamagedBlockError(f"{len(block)} bytes are no block of payloads: {error}.") from error
    return list(_cut(raw, _NUMBER.size * (1 + count), lengths))


def _cut(raw: bytes, start: int, lengths: Iterable[int]) -> Iterator[bytes]:
    for length in lengths:
        yield raw[start : start + length]
        start += length

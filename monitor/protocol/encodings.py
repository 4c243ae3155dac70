"""Bodies as SDKs compress them, unpacked in small steps, so that a bomb is stopped when it reaches the limit.

Peculiar to the protocol: `deflate` is zlib-wrapped (raw is tolerated), encodings may be chained ("gzip, br" was
packed with gzip first), `identity`, an empty value and none at all mean the same.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import IO, cast

import brotli
import zstandard
from zlib_ng import zlib_ng

from monitor.protocol.errors import ProtocolError, Reason

STEP = 64 * 1024
"""How much comes out of one step at most, in bytes (twice that for brotli)."""
_CHAIN_MAX = 3
_GZIP_MEMBERS_MAX = 100
_ZSTD_WINDOW_MAX = 8 * 1024 * 1024

Chunks = Iterable[bytes]


def parse_content_encoding(text: str) -> tuple[str, ...]:
    """In the order in which they were applied. Raises ProtocolError (unsupported_encoding)."""
    names = [name.strip().lower().removeprefix("x-") for name in text.split(",")]
    names = [name for name in names if name not in ("", "identity", "utf-8")]
    for name in names:
        if name not in _DECODERS:
            raise ProtocolError(
                Reason.UNSUPPORTED_ENCODING,
                f"Content-Encoding {name[:40]!r} is not supported; use {', '.join(_DECODERS)} or none.",
            )
    if len(names) > _CHAIN_MAX:
        raise ProtocolError(
            Reason.UNSUPPORTED_ENCODING,
            f"{len(names)} content encodings are chained; {_CHAIN_MAX} are enough.",
        )
    return tuple(names)


def decode(body: bytes, encodings: tuple[str, ...], limit: int) -> Iterator[bytes]:
    """Chunks of the unpacked body, none much longer than STEP. Raises ProtocolError: too_large, invalid_encoding."""
    if not encodings:
        return _bounded(_slices(body), limit)
    chunks: Chunks = _slices(body)
    for name in reversed(encodings):
        chunks = _bounded(_DECODERS[name](chunks), limit)
    return iter(chunks)


def decode_whole(body: bytes, encodings: tuple[str, ...], limit: int) -> bytes:
    """The unpacked body in one. Raises as `decode`."""
    if not encodings and len(body) <= limit:
        return body
    return b"".join(decode(body, encodings, limit))


def _slices(body: bytes) -> Iterator[bytes]:
    if len(body) <= STEP:
        yield body
        return
    for start in range(0, len(body), STEP):
        yield body[start : start + STEP]


def _bounded(chunks: Chunks, limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise ProtocolError(
                Reason.TOO_LARGE, f"The body is larger than {limit:,} bytes when it is unpacked."
            )
        if chunk:
            yield chunk


def _gunzip(chunks: Chunks) -> Iterator[bytes]:
    """One gzip member after another, as gzip allows; a hundred are enough, and each costs time."""
    members, decoder = 1, zlib_ng.decompressobj(16 + zlib_ng.MAX_WBITS)
    for chunk in chunks:
        data = chunk
        while data:
            if decoder.eof:
                members += 1
                if members > _GZIP_MEMBERS_MAX:
                    raise _broken("gzip", f"it has more than {_GZIP_MEMBERS_MAX} members")
                decoder = zlib_ng.decompressobj(16 + zlib_ng.MAX_WBITS)
            yield _inflated("gzip", decoder, data)
            data = decoder.unused_data or decoder.unconsumed_tail
    yield from _rest("gzip", decoder)


def _inflate(chunks: Chunks) -> Iterator[bytes]:
    decoder, head = None, b""
    for chunk in chunks:
        data = head + chunk
        if decoder is None:
            head = data
            if len(head) < 2:
                continue
            decoder = zlib_ng.decompressobj(zlib_ng.MAX_WBITS if _is_zlib(head) else -zlib_ng.MAX_WBITS)
            head = b""
        while data:
            if decoder.eof:
                raise _broken("deflate", "something follows its end")
            yield _inflated("deflate", decoder, data)
            data = decoder.unused_data or decoder.unconsumed_tail
    if decoder is None:
        raise _broken("deflate", "it ends too early")
    yield from _rest("deflate", decoder)


def _is_zlib(head: bytes) -> bool:
    """RFC 1950: method 8, and the two first bytes a multiple of 31."""
    return head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0


def _inflated(name: str, decoder: "zlib_ng._Decompress", data: bytes) -> bytes:
    try:
        return decoder.decompress(data, STEP)
    except zlib_ng.error as error:  # type: ignore[misc]  # its stub has an instance in the place of the class
        raise _broken(name, str(error)) from error


def _rest(name: str, decoder: "zlib_ng._Decompress") -> Iterator[bytes]:
    # All input is taken, and STEP may have cut what it gives.
    while not decoder.eof:
        chunk = _inflated(name, decoder, b"")
        if not chunk:
            break
        yield chunk
    if not decoder.eof:
        raise _broken(name, "it ends too early")


def _unbrotli(chunks: Chunks) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    try:
        for chunk in chunks:
            yield decoder.process(chunk, output_buffer_limit=STEP)
            while not decoder.can_accept_more_data():
                yield decoder.process(b"", output_buffer_limit=STEP)
        # It can accept more when all input is taken, and may still have to give what STEP has cut.
        while not decoder.is_finished() and (rest := decoder.process(b"", output_buffer_limit=STEP)):
            yield rest
    except brotli.error as error:
        raise _broken("br", str(error)) from error
    if not decoder.is_finished():
        raise _broken("br", "it ends too early")


class _Source:
    """Chunks as a file: zstandard bounds its steps only when it does the reading."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int) -> bytes:
        data = self._rest or next(self._chunks, b"")
        self._rest = data[size:]
        return data[:size]


def _unzstd(chunks: Chunks) -> Iterator[bytes]:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_MAX)
    try:
        with decoder.stream_reader(
            cast("IO[bytes]", _Source(chunks)), read_size=STEP, read_across_frames=True
        ) as reader:
            while chunk := reader.read(STEP):
                yield chunk
    except zstandard.ZstdError as error:
        raise _broken("zstd", str(error)) from error


_DECODERS: dict[str, Callable[[Chunks], Iterator[bytes]]] = {
    "gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}


def _broken(name: str, what: str) -> ProtocolError:
    return ProtocolError(Reason.INVALID_ENCODING, f"The body is no valid {name}: {what}.")

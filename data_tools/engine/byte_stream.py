"""Bytes of a file of any compression and encoding as UTF-8 chunks of whole lines, bounded in time and memory."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import numpy as np

from data_tools.engine.limits import Limits
from data_tools.errors import UnreadableFileError

_NEWLINE = ord("\n")
_PIECE = 1 << 17
Compression = Literal["none", "gzip"]

EXPORT_AS_CSV = "Export the table as CSV, CSV.gz, TSV or Parquet and upload that."
# First bytes of what people upload by mistake, and its name.
FOREIGN_FORMATS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "spreadsheet", "an Excel workbook (.xlsx) or another zip archive"),
    (b"PK\x05\x06", "spreadsheet", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", "spreadsheet", "an old Excel workbook (.xls)"),
    (b"%PDF", "binary", "a PDF document"),
    (b"\x89HDF", "binary", "an HDF5 or NetCDF-4 file"),
    (b"CDF\x01", "binary", "a NetCDF file"),
    (b"CDF\x02", "binary", "a NetCDF file"),
    (b"\x28\xb5\x2f\xfd", "binary", "a Zstandard archive"),
    (b"BZh", "binary", "a bzip2 archive"),
    (b"\xfd7zXZ", "binary", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "binary", "a 7-Zip archive"),
    (b"SQLite format 3", "binary", "an SQLite database"),
    (b"\x89PNG", "binary", "a PNG image"),
    (b"\xff\xd8\xff", "binary", "a JPEG image"),
)


@dataclass(frozen=True)
class TextEncoding:
    """How bytes become text. `newline` is the byte sequence that ends a line, before any translation."""

    name: str
    bom: int = 0
    lone_cr: bool = False

    @property
    def label(self) -> str:
        return f"{self.name} (with BOM)" if self.bom else self.name


class RecodeError(Exception):
    """ASCII so far, then a byte that is not UTF-8: the file is to be read once more as cp1252."""


def is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def check_not_foreign(head: bytes) -> None:
    """Raises when the first bytes are those of a known format that is no table of text."""
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise UnreadableFileError(
            "empty_file",
            "The file is empty: it holds nothing but blanks." if head else "The file is empty.",
            way_out="Upload a file with a header row and at least two rows of data.",
        )
    for magic, code, name in FOREIGN_FORMATS:
        if head.startswith(magic):
            raise UnreadableFileError(code, f"This is {name}, not a text table.", way_out=EXPORT_AS_CSV)


def detect_encoding(head: bytes) -> TextEncoding:
    """The encoding, by byte order mark, by zero bytes (UTF-16), by validity (UTF-8), else Windows-1252."""
    if head.startswith(b"\xef\xbb\xbf"):
        encoding = TextEncoding("utf-8", bom=3)
    elif head.startswith(b"\xff\xfe"):
        encoding = TextEncoding("utf-16-le", bom=2)
    elif head.startswith(b"\xfe\xff"):
        encoding = TextEncoding("utf-16-be", bom=2)
    elif _mostly_zero(head[1::2]) and not _mostly_zero(head[0::2]):
        encoding = TextEncoding("utf-16-le")
    elif _mostly_zero(head[0::2]) and not _mostly_zero(head[1::2]):
        encoding = TextEncoding("utf-16-be")
    else:
        encoding = TextEncoding("utf-8" if _valid_utf8(head) else "cp1252")
    if not encoding.name.startswith("utf-16"):
        _check_not_binary(head)
    lone_cr = _uses_lone_cr(head, encoding)
    return TextEncoding(encoding.name, encoding.bom, lone_cr)


def _mostly_zero(data: bytes) -> bool:
    return len(data) > 4 and data.count(0) > 0.7 * len(data)


def _valid_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut by the end of the sample is no error; a file with some valid sequences
        # before the bad one is UTF-8 that broke, which the reader reports with its line.
        cut = error.reason == "unexpected end of data"
        return cut or not head[: error.start].isascii()
    return True


def _check_not_binary(head: bytes) -> None:
    controls = sum(head.count(code) for code in range(32) if code not in (9, 10, 12, 13))
    if controls > 0.02 * len(head) and controls > 1:
        raise UnreadableFileError(
            "binary",
            f"This is not a text table: {100 * controls // len(head)} % of its first bytes are control codes.",
            way_out=EXPORT_AS_CSV,
        )


def _uses_lone_cr(head: bytes, encoding: TextEncoding) -> bool:
    if encoding.name.startswith("utf-16"):
        head = head.decode(encoding.name, errors="ignore").encode("utf-8", errors="ignore")
    return b"\r" in head and b"\n" not in head


class ByteStream:
    """Reads a file, unpacking gzip, never more at once than asked for. `fraction_read` counts bytes on disk."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._size = max(path.stat().st_size, 1)
        self._file = path.open("rb")
        self.compression: Compression = "gzip" if self._file.read(2) == b"\x1f\x8b" else "none"
        self._file.seek(0)
        self._source: IO[bytes] = self._file
        if self.compression == "gzip":
            self._source = gzip.GzipFile(fileobj=self._file, mode="rb")  # type: ignore[assignment]
        self.bytes_out = 0

    @property
    def fraction_read(self) -> float:
        return min(1.0, self._file.tell() / self._size)

    def read(self, size: int, *, to_line_end: bool = False) -> bytes:
        """At most `size` bytes; raises for a broken or exploding archive.

        Fewer only at the end, or, with `to_line_end`, where that saves the caller from cutting a large piece.
        """
        if self.compression == "none":
            if to_line_end:
                size = self._up_to_line_end(size)
            data = self._source.read(size)
            self.bytes_out += len(data)
            return data
        parts: list[bytes] = []
        wanted = size
        while wanted > 0:
            part = self._read_part(min(wanted, 1 << 20))
            if not part:
                break
            parts.append(part)
            wanted -= len(part)
            self.bytes_out += len(part)
            self._check_expansion()
        return b"".join(parts)

    def _up_to_line_end(self, size: int) -> int:
        """The size, at most `size`, at which the last whole line ends; `size` where none is near."""
        here = self._file.tell()
        window = min(size, _PIECE)
        self._file.seek(here + size - window)
        tail = self._file.read(window)
        self._file.seek(here)
        cut = tail.rfind(b"\n") + 1
        return size - window + cut if cut and len(tail) == window else size

    def _read_part(self, size: int) -> bytes:
        try:
            return self._source.read(size)
        except EOFError:
            raise UnreadableFileError(
                "truncated_gzip",
                f"The gzip archive ends too early, after {self.bytes_out:,} unpacked bytes: the upload or the "
                "download before it was cut off.",
                way_out="Get the file again, test it with 'gzip -t', and upload it once more.",
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableFileError(
                "broken_gzip",
                f"The gzip archive is damaged after {self.bytes_out:,} unpacked bytes ({error}).",
                way_out="Pack the file again with 'gzip', or upload it unpacked.",
            ) from None

    def _check_expansion(self) -> None:
        limits = self._limits
        ratio = self.bytes_out / max(self._file.tell(), 1)
        explodes = self.bytes_out > limits.ratio_checked_from_bytes and ratio > limits.decompression_ratio
        if explodes or self.bytes_out > limits.decompressed_bytes:
            raise UnreadableFileError(
                "gzip_bomb",
                f"The gzip archive unpacks to more than {self.bytes_out // (1 << 20):,} MB, {ratio:,.0f} times its own "
                f"size; at most {limits.decompression_ratio} times and {limits.decompressed_bytes >> 30} GB are read.",
                way_out="Upload the table unpacked, or in parts.",
            )

    def close(self) -> None:
        self._source.close()
        self._file.close()


def text_chunks(stream: ByteStream, encoding: TextEncoding, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """The file as UTF-8 in chunks of whole lines, decoded and checked, each with the number of its first line."""
    stream.read(encoding.bom)
    seen_multibyte = False
    for line, raw in _whole_lines(stream, encoding, limits):
        _check_lines(raw, line, limits)
        if encoding.name == "utf-8":
            if not raw.isascii():
                _check_utf8(raw, line, seen_multibyte=seen_multibyte)
                seen_multibyte = True
            text = raw
        elif encoding.name == "cp1252":
            text = raw if raw.isascii() else _decode_cp1252(raw, line).encode()
        else:
            text = raw
        yield line, text


def count_byte(data: bytes, code: int) -> int:
    """How often a byte occurs; many times as fast as bytes.count where it is dense, as delimiters are."""
    codes = np.frombuffer(data, dtype=np.uint8)
    # Pieces that stay in the processor's cache.
    return sum(int(np.count_nonzero(codes[at : at + _PIECE] == code)) for at in range(0, len(codes), _PIECE))


def count_lines(data: bytes) -> int:
    return count_byte(data, _NEWLINE)


def _whole_lines(stream: ByteStream, encoding: TextEncoding, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """Chunks that end with a line break, each with the number of its first line."""
    rest = b""
    line = 1
    decoder = _Utf16(encoding.name) if encoding.name.startswith("utf-16") else None
    plain = decoder is None and not encoding.lone_cr
    while data := stream.read(limits.chunk_bytes, to_line_end=plain and not rest):
        if decoder is not None:
            data = decoder.feed(data, line)
        if encoding.lone_cr:
            data = data.replace(b"\r", b"\n")
        data = rest + data if rest else data
        cut = data.rfind(b"\n") + 1
        chunk, rest = (data, b"") if cut == len(data) else (data[:cut], data[cut:])
        if len(rest) > limits.line_bytes:
            raise line_too_long(line + count_lines(chunk), limits)
        if chunk:
            yield line, chunk
            line += count_lines(chunk)
    if decoder is not None:
        decoder.finish(line)
    if rest:
        yield line, rest + b"\n"


class _Utf16:
    """UTF-16 pieces to UTF-8, with a message that names the line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rest = b""

    def feed(self, data: bytes, line: int) -> bytes:
        data = self._rest + data
        cut = len(data) - len(data) % 2
        # A pair of surrogates is not to be cut either.
        high = data[cut - 1 if self._name.endswith("le") else cut - 2] if cut else 0
        if 0xD8 <= high <= 0xDB:
            cut -= 2
        self._rest = data[cut:]
        try:
            return data[:cut].decode(self._name).encode()
        except UnicodeError:
            raise _bad_encoding(line, self._name) from None

    def finish(self, line: int) -> None:
        if self._rest:
            raise _bad_encoding(line, self._name)


def _check_lines(chunk: bytes, first_line: int, limits: Limits) -> None:
    at = chunk.find(b"\0")
    if at >= 0:
        line = first_line + chunk.count(b"\n", 0, at)
        raise UnreadableFileError(
            "nul_byte",
            f"Line {line:,} holds a NUL byte, which no text has: the file is damaged or is not a text table.",
            way_out="Get the file again, or export it once more as CSV in UTF-8.",
            row=line,
        )
    start, size = 0, limits.line_bytes
    while len(chunk) - start > size:
        end = chunk.rfind(b"\n", start, start + size)
        if end < 0:
            raise line_too_long(first_line + chunk.count(b"\n", 0, start), limits)
        start = end + 1


def line_too_long(line: int, limits: Limits) -> UnreadableFileError:
    return UnreadableFileError(
        "line_too_long",
        f"Line {line:,} is longer than {limits.line_bytes:,} bytes without a line break.",
        way_out="Check that the file is a table with one row per line, and export it again.",
        row=line,
    )


def _check_utf8(chunk: bytes, first_line: int, *, seen_multibyte: bool) -> None:
    try:
        chunk.decode("utf-8")
    except UnicodeDecodeError as error:
        if not seen_multibyte and chunk[: error.start].isascii():
            raise RecodeError from None
        line = first_line + chunk.count(b"\n", 0, error.start)
        raise _bad_encoding(line, "utf-8", chunk[error.start]) from None


def _decode_cp1252(chunk: bytes, first_line: int) -> str:
    try:
        return chunk.decode("cp1252")
    except UnicodeDecodeError as error:
        line = first_line + chunk.count(b"\n", 0, error.start)
        raise _bad_encoding(line, "cp1252", chunk[error.start]) from None


def _bad_encoding(line: int, encoding: str, byte: int | None = None) -> UnreadableFileError:
    what = "bytes that are" if byte is None else f"the byte 0x{byte:02X}, which is"
    return UnreadableFileError(
        "wrong_encoding",
        f"Line {line:,} holds {what} not valid {encoding.upper()}, the encoding of the rest of the file: "
        "the file mixes encodings.",
        way_out="Save the file as UTF-8 and upload it again.",
        row=line,
        value=None if byte is None else f"0x{byte:02X}",
    )

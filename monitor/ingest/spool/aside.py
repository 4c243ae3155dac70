"""Records that could not be digested, each with its reason, until somebody has looked: to retry or to throw away."""

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

from monitor.ingest.spool.record import Record, pack, read_record
from monitor.ingest.spool.writer import SpoolWriter
from monitor.ingest.synced import write_synced

ASIDE = "aside"
_RECORD = ".record"
_REASON = ".reason"
_DAMAGED = ".damaged"
_KEPT_MAX = 1_000
_KEPT_BYTES_MAX = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class AsideRecord:
    """`name` is for `retry` and `discard`. `record` is None for bytes that are no record: they can be looked at only."""

    name: str
    reason: str
    set_aside_at: float
    record: Record | None
    size: int


class AsideShelf:
    """Bounded: past 1,000 records or 256 MB the oldest goes, and `evicted` counts it, so that poison floods no disk."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._directory = spool / ASIDE
        self.evicted = 0

    def put(self, record: Record, reason: str) -> str:
        """Raises OSError. The record is on disk, synced, when this returns: then the batch may be done."""
        head, body = pack(record.meta, record.body)
        return self._keep(_RECORD, head + body, reason)

    def put_damaged(self, data: bytes, reason: str) -> str:
        return self._keep(_DAMAGED, data, reason)

    def records(self) -> list[AsideRecord]:
        """Oldest first."""
        return [found for name in self._names() if (found := self._read(name)) is not None]

    def names(self) -> list[str]:
        """Oldest first, and without reading what may be 256 MB."""
        return self._names()

    def find(self, name: str) -> AsideRecord | None:
        return self._read(name) if name in self._names() else None

    def retry(self, name: str) -> None:
        """Back into the spool, as the newest. Killed in between, it is there twice; event ids tell."""
        found = self._read(name)
        if found is None or found.record is None:
            raise KeyError(
                f"{name} is no record that was set aside; it may have been retried or thrown away."
            )
        writer = SpoolWriter(self._spool, min_free_bytes=0, durable=True)
        try:
            writer.append(found.record.meta, found.record.body)
        finally:
            writer.close()
        self.discard(name)

    def discard(self, name: str) -> None:
        (self._directory / name).with_suffix(_REASON).unlink(missing_ok=True)
        (self._directory / name).unlink(missing_ok=True)

    def _keep(self, suffix: str, data: bytes, reason: str) -> str:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # To the nanosecond: two in one millisecond keep their order, which is that of eviction too.
        name = f"{time.time_ns():019d}-{secrets.token_hex(4)}{suffix}"
        told = orjson.dumps({"reason": reason[:2000], "set_aside_at": time.time()})
        write_synced((self._directory / name).with_suffix(_REASON), told)
        write_synced(self._directory / name, data)
        self._evict()
        return name

    def _read(self, name: str) -> AsideRecord | None:
        path = self._directory / Path(name).name
        try:
            told = orjson.loads(path.with_suffix(_REASON).read_bytes())
            with path.open("rb") as file:
                record = read_record(file, "", 0) if path.suffix == _RECORD else None
            return AsideRecord(name, told["reason"], told["set_aside_at"], record, path.stat().st_size)
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None

    def _names(self) -> list[str]:
        try:
            names = os.listdir(self._directory)  # noqa: PTH208
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.endswith((_RECORD, _DAMAGED)) and name[0] != ".")

    def _evict(self) -> None:
        sizes = [(name, (self._directory / name).stat().st_size) for name in self._names()]
        total = sum(size for _, size in sizes)
        while len(sizes) > _KEPT_MAX or total > _KEPT_BYTES_MAX:
            name, size = sizes.pop(0)
            total -= size
            self.evicted += 1
            self.discard(name)

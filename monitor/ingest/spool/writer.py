"""The appending side of one process. A record is in the page cache, in one piece, when `append` returns."""

import os
from pathlib import Path

from monitor.ingest.spool.capacity import SpoolCapacity
from monitor.ingest.spool.errors import SpoolError, spool_error
from monitor.ingest.spool.record import RecordMeta, pack
from monitor.ingest.spool.segment import create_segment

MEBIBYTE = 1024 * 1024


class SpoolWriter:
    """Not thread-safe: it belongs to an event loop. Opens a segment when there is something to write, not before.

    A segment is closed, and so given to the readers, when it has `segment_bytes` or `rotate()` is called.
    """

    def __init__(
        self,
        spool: Path,
        *,
        max_bytes: int = 1024 * MEBIBYTE,
        min_free_bytes: int = 256 * MEBIBYTE,
        segment_bytes: int = 8 * MEBIBYTE,
        durable: bool = False,
    ) -> None:
        self.spool = spool
        self.records = 0
        """In the segment that is open."""
        self._capacity = SpoolCapacity(spool, max_bytes=max_bytes, min_free_bytes=min_free_bytes)
        self._segment_bytes = segment_bytes
        self._durable = durable
        self._descriptor = -1
        self._size = 0
        self._unsynced: list[int] = []

    @property
    def late_s(self) -> float:
        """How far the digest is behind, as seen in the last half second in which something was written."""
        return self._capacity.oldest_age_s

    def append(self, meta: RecordMeta, body: bytes) -> None:
        """Raises SpoolFullError, SpoolUnavailableError; then nothing of the record stays behind."""
        buffers = pack(meta, body)
        size = sum(map(len, buffers))
        try:
            self._capacity.check(size)
            if self._descriptor < 0 or os.fstat(self._descriptor).st_nlink == 0:
                # No link: somebody removed the spool under us; what is written there, nobody will read.
                self._open()
            self._write(buffers, size)
        except OSError as error:
            raise spool_error(error) from error
        self._size += size
        self.records += 1
        self._capacity.written(size)
        if self._size >= self._segment_bytes:
            self.rotate()

    def rotate(self) -> None:
        """Give the open segment to the readers; the next record begins another."""
        if self._descriptor < 0:
            return
        if self._durable:
            # Closed, and with that unlocked, by whoever syncs it.
            self._unsynced.append(self._descriptor)
        else:
            os.close(self._descriptor)
        self._forget()

    def take_unsynced(self) -> list[int]:
        """Descriptors of all that was appended and not yet synced. The caller hands them to `sync`."""
        taken, self._unsynced = self._unsynced, []
        if self._descriptor >= 0:
            taken.append(os.dup(self._descriptor))
        return taken

    def close(self) -> None:
        self.rotate()
        sync(self.take_unsynced())

    def _open(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._forget()
        path, self._descriptor = create_segment(self.spool)
        if self._durable:
            # The name must last as well as what is in the file.
            directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def _write(self, buffers: tuple[bytes, bytes], size: int) -> None:
        try:
            written = os.writev(self._descriptor, buffers)
            while written < size:
                rest = b"".join(buffers)[written:]
                written += os.write(self._descriptor, rest)
        except OSError:
            self._cut_back()
            raise

    def _cut_back(self) -> None:
        """The disk took a part only. Without this the next record would stand behind half a one."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            # Then a reader will see half a record, know it by its checksum, and leave it out.
            self.rotate()

    def _forget(self) -> None:
        self._descriptor = -1
        self._size = self.records = 0


def sync(descriptors: list[int]) -> None:
    """To the disk, then close them. In a thread of its own: it takes milliseconds. Raises SpoolError."""
    failure: SpoolError | None = None
    for descriptor in descriptors:
        try:
            os.fdatasync(descriptor)
        except OSError as error:
            failure = spool_error(error)
        finally:
            os.close(descriptor)
    if failure is not None:
        raise failure

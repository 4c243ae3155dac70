"""The files of payloads as their writers see them: a lock says whose a file is, and its end is where its rows end.

`<day>.<project>.<number>`: of one day and project, so that each project's retention is a matter of unlinking files.
"""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

from django.db.models import F, Max

from monitor.digest.models import PayloadBlock

FILE_BYTES = 128 * 1024 * 1024
"""At most: retention by size has to have something to take away."""

_OPEN_MAX = 32
_IDLE_S = 300.0


@dataclass(slots=True)
class _Open:
    name: str
    descriptor: int
    size: int
    used_at: float


class PayloadFiles:
    """Files of one process that appends. Not thread-safe."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[str, _Open] = {}
        self._unsynced: set[str] = set()
        """Keys of `_open`: day and project."""

    def append(self, key: str, data: bytes, file_bytes: int) -> tuple[str, int]:
        """File name and offset, in a file that is not yet as large as `file_bytes`. `key` is `<day>.<project>`.

        Raises OSError; then no reader sees a difference.
        """
        file = self._file_of(key, file_bytes)
        written = 0
        while written < len(data):
            written += os.pwrite(file.descriptor, data[written:], file.size + written)
        offset, file.size = file.size, file.size + len(data)
        self._unsynced.add(key)
        return file.name, offset

    def sync(self) -> None:
        """To the disk. Raises OSError."""
        for key in self._unsynced:
            os.fdatasync(self._open[key].descriptor)
        self._unsynced.clear()

    def close(self) -> None:
        """Give all up as they are."""
        self._unsynced.clear()
        for key in list(self._open):
            self._close(key)

    def _file_of(self, key: str, file_bytes: int) -> _Open:
        now = time.monotonic()
        file = self._open.get(key)
        if file is not None:
            if file.size < file_bytes and os.fstat(file.descriptor).st_nlink:
                file.used_at = now
                return file
            self._close(key)
        self._close_idle(now)
        self._open[key] = file = self._lock_one(key, file_bytes, now)
        return file

    def _close_idle(self, now: float) -> None:
        """Retention takes away no file that somebody has open."""
        oldest_first = sorted(self._open, key=lambda key: self._open[key].used_at)
        for number, key in enumerate(oldest_first):
            too_many = len(oldest_first) - number >= _OPEN_MAX
            if too_many or now - self._open[key].used_at > _IDLE_S:
                self._close(key)

    def _lock_one(self, key: str, file_bytes: int, now: float) -> _Open:
        """The first file that has room and is nobody's."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = 0
        while True:
            name = f"{key}.{number}"
            descriptor = os.open(self._directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if lock(descriptor) and os.fstat(descriptor).st_nlink:
                size = _end_of(name)
                if size < file_bytes:
                    os.ftruncate(descriptor, size)
                    return _Open(name, descriptor, size, now)
            os.close(descriptor)
            number += 1

    def _close(self, key: str) -> None:
        file = self._open.pop(key)
        if key in self._unsynced:
            self._unsynced.discard(key)
            os.fdatasync(file.descriptor)
        os.close(file.descriptor)


def _end_of(name: str) -> int:
    found = PayloadBlock.objects.filter(file=name).aggregate(end=Max(F("offset") + F("length")))["end"]
    return found or 0


def lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""The files of payloads as their writers see them: a lock says whose a file is, and its end is where its rows end."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from django.db.models import F, Max

from monitor.digest.models import PayloadBlock

FILE_BYTES = 128 * 1024 * 1024
"""Past this a day gets another file, so that retention by size has something to take away."""

_OPEN_MAX = 4


@dataclass(slots=True)
class _Open:
    name: str
    descriptor: int
    size: int


class PayloadFiles:
    """Files of one process that appends. Not thread-safe."""

    def __init__(self, directory: Path, *, file_bytes: int = FILE_BYTES) -> None:
        self._directory = directory
        self._file_bytes = file_bytes
        self._open: dict[str, _Open] = {}
        self._unsynced: set[str] = set()

    def append(self, day: str, data: bytes) -> tuple[str, int]:
        """File name and offset. Raises OSError; then the file is as it was, for all who read it."""
        file = self._file_of(day)
        written = 0
        while written < len(data):
            written += os.pwrite(file.descriptor, data[written:], file.size + written)
        offset, file.size = file.size, file.size + len(data)
        self._unsynced.add(day)
        return file.name, offset

    def sync(self) -> None:
        for day in self._unsynced & self._open.keys():
            os.fdatasync(self._open[day].descriptor)
        self._unsynced.clear()

    def close(self) -> None:
        for day in list(self._open):
            self._close(day)

    def _file_of(self, day: str) -> _Open:
        file = self._open.get(day)
        if file is not None:
            if file.size < self._file_bytes and os.fstat(file.descriptor).st_nlink:
                return file
            self.sync()
            self._close(day)
        while len(self._open) >= _OPEN_MAX:
            self.sync()
            self._close(next(iter(self._open)))
        self._open[day] = file = self._lock_one(day)
        return file

    def _lock_one(self, day: str) -> _Open:
        """The day's first file that has room and is nobody's."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = 0
        while True:
            name = f"{day}.{number}"
            descriptor = os.open(self._directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if _lock(descriptor) and os.fstat(descriptor).st_nlink:
                size = _end_of(name)
                if size < self._file_bytes:
                    os.ftruncate(descriptor, size)
                    return _Open(name, descriptor, size)
            os.close(descriptor)
            number += 1

    def _close(self, day: str) -> None:
        os.close(self._open.pop(day).descriptor)


def _end_of(name: str) -> int:
    found = PayloadBlock.objects.filter(file=name).aggregate(end=Max(F("offset") + F("length")))["end"]
    return found or 0


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

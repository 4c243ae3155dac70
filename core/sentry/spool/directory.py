"""A directory per process, under a lock that the kernel frees when the process dies.

    <spool>/<host_port_project>/<started>-<pid>-<random>/lock
                                                         counts
                                                         0.0000000012.….envelope

Whoever gets the lock of a directory that is not its own has proof that the owner is dead, and delivers what it
left. That holds after kill -9, across containers that share a volume, and when the adopter is killed in turn.
The spool is partitioned by destination: what was written for one Sentry is never sent to another.
"""

import errno
import fcntl
import itertools
import os
import re
import secrets
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sentry_sdk.utils import Dsn

from core.sentry.counters import COUNTS_FILE
from core.sentry.spool.entry import Entry, parse_entry

LOCK_FILE = "lock"
_NEW = ".new-"
_WRITING = ".writing-"
_SPARE = ".spare-"
_SPARES = 32
_ABANDONED_AFTER_S = 3600


def destination_path(spool: Path, dsn: Dsn) -> Path:
    """Named by host, port and project, not by key: a rotated key delivers what the old one left."""
    parts = f"{dsn.host}_{dsn.port}{dsn.path}{dsn.project_id}"
    return spool / re.sub(r"[^A-Za-z0-9.-]+", "_", parts)


def process_directories(destination: Path) -> list[Path]:
    """All process directories, oldest first, the living ones' too."""
    try:
        with os.scandir(destination) as found:
            return sorted(
                Path(one.path)
                for one in found
                if one.is_dir(follow_symlinks=False) and not one.name.startswith(".")
            )
    except OSError:
        return []


def list_entries(directory: Path) -> Iterator[Entry]:
    """Sorted by priority and sequence; nothing when the directory has gone meanwhile."""
    with suppress(OSError):
        # listdir: thousands of names, no Path for the files that are none of ours
        for name in sorted(os.listdir(directory)):  # noqa: PTH208
            if (entry := parse_entry(directory / name)) is not None:
                yield entry


class ProcessDirectory:
    """One process's directory, held by its lock."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock: int | None = lock
        self._spares: deque[str] = deque()
        self._spare_numbers = itertools.count()

    @classmethod
    def create(cls, destination: Path) -> "ProcessDirectory":
        """A new one, locked before it has its name, so that nobody adopts it at birth. Raises OSError."""
        _make_private(destination)
        name = f"{time.time_ns() // 1_000_000:013d}-{os.getpid()}-{secrets.token_hex(4)}"
        unnamed = destination / (_NEW + name)
        unnamed.mkdir(mode=0o700)
        lock = _try_lock(unnamed / LOCK_FILE)
        if lock is None:
            raise OSError(
                errno.ENOLCK, "The file system gives no flock; put the spool on a local disk", str(unnamed)
            )
        try:
            return cls(unnamed.rename(destination / name), lock)
        except OSError:
            os.close(lock)
            raise

    @classmethod
    def adopt(cls, path: Path) -> "ProcessDirectory | None":
        """The directory of a dead process; None while its owner, or another adopter, lives."""
        try:
            lock = _try_lock(path / LOCK_FILE)
        except OSError:
            return None
        if lock is None:
            return None
        directory = cls(path, lock)
        directory._remove_unfinished()
        return directory

    def write(self, entry: Entry, data: bytes) -> None:
        """Write and rename: a reader sees the whole envelope or none of it. No fsync. Raises OSError.

        Into a spare file where there is one: making an inode costs ten times what writing the envelope does,
        and milliseconds on a file system that avoids the inodes freed last.
        """
        path = f"{self.path}/{entry.name}"
        try:
            writing = self._spares.popleft()
            file = os.open(writing, os.O_WRONLY)
        except IndexError:
            writing = f"{self.path}/{_WRITING}{entry.sequence}"
            file = os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(file, view) :]
        except OSError:
            os.close(file)
            with suppress(OSError):
                os.unlink(writing)  # noqa: PTH108  (the caller waits for this: no Path objects on the way)
            raise
        os.close(file)
        os.rename(writing, path)  # noqa: PTH104

    def discard(self, name: str) -> None:
        """Remove an envelope, keeping its file as a spare. Raises FileNotFoundError when it has gone already."""
        path = self.path / name
        if len(self._spares) >= _SPARES:
            path.unlink()
            return
        # Renamed first: an emptied file under an envelope's name would pass for a broken one after a crash.
        spare = path.rename(self._next_spare())
        os.truncate(spare, 0)
        self._spares.append(str(spare))

    @property
    def is_low(self) -> bool:
        return len(self._spares) < _SPARES // 4

    def stock_up(self) -> None:
        """Make spare files, off the caller's path. Raises OSError."""
        while len(self._spares) < _SPARES:
            spare = self._next_spare()
            spare.touch(mode=0o600)
            self._spares.append(str(spare))

    def _next_spare(self) -> Path:
        return self.path / f"{_SPARE}{next(self._spare_numbers)}"

    def _remove_unfinished(self) -> None:
        for pattern in (f"{_WRITING}*", f"{_SPARE}*"):
            for path in self.path.glob(pattern):
                path.unlink(missing_ok=True)

    def release(self, *, remove: bool) -> None:
        """Let go of the lock; with `remove`, of the (empty) directory too."""
        if self._lock is None:
            return
        if remove:
            with suppress(OSError):
                self._remove_unfinished()
                for name in (COUNTS_FILE, LOCK_FILE):
                    (self.path / name).unlink(missing_ok=True)
                self.path.rmdir()
        os.close(self._lock)
        self._lock = None

    def forget(self) -> None:
        """In a forked child: close the inherited descriptor. The parent's own keeps the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_abandoned(destination: Path) -> None:
    """Directories that a process was killed while making."""
    for unnamed in destination.glob(f"{_NEW}*"):
        with suppress(OSError):
            if time.time() - unnamed.stat().st_mtime > _ABANDONED_AFTER_S:
                (unnamed / LOCK_FILE).unlink(missing_ok=True)
                unnamed.rmdir()


def _try_lock(path: Path) -> int | None:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError:
        os.close(lock)
        raise
    if os.fstat(lock).st_nlink == 0:
        # An adopter finished with the directory between our open and our lock.
        os.close(lock)
        return None
    return lock


def _make_private(directory: Path) -> None:
    for missing in reversed([directory, *directory.parents]):
        if not missing.exists():
            missing.mkdir(mode=0o700, exist_ok=True)

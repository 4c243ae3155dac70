"""Files of records. A lock says whose a segment is, and the kernel frees it when its owner dies.

The writer of a segment holds its lock until it closes it; a reader takes the lock to claim it. So whoever gets the
lock has proof that nobody writes and nobody reads it: after kill -9 of either, and across containers that share a
volume on one machine. Nothing has to be renamed, recovered or cleaned up.
"""

import errno
import fcntl
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from monitor.ingest.spool.errors import SpoolUnavailableError

SUFFIX = ".segment"
SEGMENTS = "segments"
_NEW = ".new-"
_ABANDONED_AFTER_S = 3600


def segments_directory(spool: Path) -> Path:
    return spool / SEGMENTS


def create_segment(spool: Path) -> tuple[Path, int]:
    """Path and descriptor of a new one, locked before it has its name. Raises OSError, SpoolUnavailableError."""
    directory = segments_directory(spool)
    if not directory.is_dir():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{time.time_ns() // 1_000_000:013d}-{os.getpid()}-{secrets.token_hex(6)}{SUFFIX}"
    unnamed = directory / (_NEW + name)
    descriptor = os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    if not try_lock(descriptor):
        os.close(descriptor)
        unnamed.unlink(missing_ok=True)
        raise SpoolUnavailableError(
            f"{directory} is on a file system without flock; put the spool on a local disk."
        )
    try:
        return unnamed.rename(directory / name), descriptor
    except OSError:
        os.close(descriptor)
        raise


def sweep_abandoned(spool: Path) -> None:
    """Remove what a writer had begun to make when it was killed: empty, and without a name yet."""
    for path in segments_directory(spool).glob(f"{_NEW}*"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _ABANDONED_AFTER_S:
                path.unlink()


def try_lock(descriptor: int) -> bool:
    """False while another process has it, or another descriptor of this one."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.ENOLCK, errno.EOPNOTSUPP):
            return False
        raise
    return True


def list_segments(spool: Path) -> list[str]:
    """Names, oldest first, those being written too. Empty when there is no spool yet."""
    try:
        # listdir: thousands of names
        names = os.listdir(segments_directory(spool))  # noqa: PTH208
    except FileNotFoundError:
        return []
    return sorted(name for name in names if name.endswith(SUFFIX) and not name.startswith("."))

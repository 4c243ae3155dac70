"""How each worker fares, in a file of its own: it can be read when the database is what the worker waits for.

The file is locked for as long as its worker lives, so that nobody has to believe the word of one that was killed.
"""

import fcntl
import os
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

DIRECTORY = "workers"


@dataclass(frozen=True, slots=True)
class WorkerState:
    """Times are seconds since 1970. `trouble` is empty while all is well, else a sentence."""

    pid: int
    started_at: float
    changed_at: float
    runs_clock: bool = False
    """Whether it is the one worker that does what is due by the clock."""
    trouble: str = ""


class StateFile:
    """Of this process. Raises nothing: the disk may be what is full."""

    def __init__(self, root: Path) -> None:
        self._path = root / DIRECTORY / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._descriptor = -1
        now = time.time()
        self._state = WorkerState(os.getpid(), now, now)
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self.tell(trouble="")

    def tell(self, *, trouble: str | None = None, runs_clock: bool | None = None) -> None:
        old = self._state
        self._state = WorkerState(
            pid=old.pid,
            started_at=old.started_at,
            changed_at=time.time(),
            runs_clock=old.runs_clock if runs_clock is None else runs_clock,
            trouble=old.trouble if trouble is None else trouble,
        )
        if self._descriptor < 0:
            return
        data = orjson.dumps(asdict(self._state))
        with suppress(OSError):
            # Read as a whole, and shorter than a page: nobody sees half of it.
            os.pwrite(self._descriptor, data, 0)
            os.ftruncate(self._descriptor, len(data))

    def close(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def workers(root: Path) -> list[WorkerState]:
    """Those that live, the oldest first. `root` is settings.DATA_ROOT. Sweeps the files of those that were killed."""
    found = []
    for path in (root / DIRECTORY).glob("*.json"):
        with suppress(OSError, ValueError, TypeError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                if _lives(descriptor):
                    found.append(WorkerState(**orjson.loads(os.pread(descriptor, 65536, 0))))
                elif os.fstat(descriptor).st_size:
                    # Written only under its lock. An empty one was made a moment ago and is about to be locked.
                    path.unlink(missing_ok=True)
            finally:
                os.close(descriptor)
    return sorted(found, key=lambda state: state.started_at)


def _lives(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False

"""When the receiving end was there to receive: what came in no such time is unknown, not missing.

Each process has a file in `<spool>/present/`: its time of modification is the last sign of life, its content since when
there has been one without a break. A process that was stopped, or whose computer slept, begins anew. Whoever judges by
what did not come, such as a check-in, asks `presences`.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time

DIRECTORY = "present"
BEAT_EVERY_S = 5.0
"""At least so often a sign of life is given."""
BREAK_S = 4 * BEAT_EVERY_S
"""Without one for so long, it is not known what could not be received."""


@dataclass(frozen=True, slots=True)
class Presence:
    """From when to when one process has been there, in seconds since 1970."""

    since: float
    last: float


class PresenceFile:
    """Of one process. Raises nothing: a full disk must not stop the receiving."""

    def __init__(self, spool: Path, *, clock: Callable[[], float] = time) -> None:
        self._path = spool / DIRECTORY / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._clock = clock
        self._last: float | None = None

    def beat(self) -> None:
        """A sign of life."""
        now = self._clock()
        begins = self._last is None or not 0 <= now - self._last < BREAK_S
        with suppress(OSError):
            if begins:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._path.write_text(f"{now:.3f}")
            os.utime(self._path, (now, now))
            self._last = now

    def interrupt(self) -> None:
        """Something could not be received: the time that counts begins with the next sign of life."""
        self._last = None


def presences(spool: Path) -> list[Presence]:
    """Of all processes that have left one, the gone ones too; none where nobody ever was. Raises OSError."""
    found = []
    try:
        paths = list((spool / DIRECTORY).iterdir())
    except FileNotFoundError:
        return []
    for path in paths:
        with suppress(FileNotFoundError, ValueError):
            last = path.stat().st_mtime
            since = float(path.read_text())
            found.append(Presence(since, max(since, last)))
    return found


def sweep_presences(spool: Path, before: float) -> None:
    """Remove the files of processes whose last sign of life was before `before`, in seconds since 1970."""
    with suppress(FileNotFoundError):
        for path in (spool / DIRECTORY).iterdir():
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

"""How full the spool is. Looking costs time with thousands of files, so it is done seldom and counted in between."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from monitor.ingest.spool.errors import SpoolFullError
from monitor.ingest.spool.segment import SUFFIX, segments_directory

_LOOK_EVERY_S = 0.5
_LOOK_SHARE = 50
"""Looking may take one part in so many of the time."""


@dataclass(frozen=True, slots=True)
class SpoolDepth:
    """What waits to be digested. `oldest_age_s` is the age of the oldest segment, 0 when there is none."""

    segments: int
    bytes: int
    oldest_age_s: float


def spool_depth(spool: Path) -> SpoolDepth:
    """Raises OSError when the directory cannot be read; a spool that was never written is empty."""
    total = number = 0
    oldest = now = time.time()
    try:
        with os.scandir(segments_directory(spool)) as found:
            for entry in found:
                if not entry.name.endswith(SUFFIX):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                number += 1
                total += status.st_size
                oldest = min(oldest, status.st_mtime)
    except FileNotFoundError:
        return SpoolDepth(0, 0, 0.0)
    return SpoolDepth(number, total, max(0.0, now - oldest))


class SpoolCapacity:
    """`check` before each write. Several processes may go over the bound by what they write in half a second."""

    def __init__(self, spool: Path, *, max_bytes: int, min_free_bytes: int) -> None:
        self._spool = spool
        self._max_bytes = max_bytes
        self._min_free_bytes = min_free_bytes
        self._look_again_at = 0.0
        self._room = 0
        self.oldest_age_s = 0.0
        """Of what waits in it, as seen at the last look."""

    def check(self, size: int) -> None:
        """Raises SpoolFullError, OSError."""
        if time.monotonic() >= self._look_again_at:
            self._look()
        if size > self._room:
            raise SpoolFullError(
                f"The spool {self._spool} is full: it may have {self._max_bytes:,} bytes and leaves"
                f" {self._min_free_bytes:,} free on the disk. Is the worker running?"
            )

    def written(self, size: int) -> None:
        self._room -= size

    def _look(self) -> None:
        started = time.monotonic()
        free = shutil.disk_usage(_existing(self._spool)).free - self._min_free_bytes
        depth = spool_depth(self._spool)
        self._room = min(self._max_bytes - depth.bytes, free)
        self.oldest_age_s = depth.oldest_age_s
        took = time.monotonic() - started
        self._look_again_at = started + max(_LOOK_EVERY_S, took * _LOOK_SHARE)


def _existing(path: Path) -> Path:
    return next(one for one in (path, *path.absolute().parents) if one.exists())

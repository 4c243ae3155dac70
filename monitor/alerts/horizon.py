"""Up to when all that was received is known: nothing is concluded from what has not been digested yet.

A segment of the spool is named after when its first record came. So what was received before the oldest segment is in
the journal, if one looks at the segments first and at the journal then.
"""

from __future__ import annotations

import time
from pathlib import Path

from monitor.ingest.spool.segment import list_segments

STUCK_S = 60.0
"""A segment that is there for so long while others come and go is nobody's any more, or its writer hangs."""
_DIGITS = 13


class Horizon:
    """Remembers since when which segment is the oldest, by a clock that nobody can set."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._oldest = ""
        self._since = 0.0
        self._stuck: set[str] = set()

    def at(self, now: float) -> float:
        """Seconds since 1970, not after `now`. Raises OSError."""
        names = list_segments(self._spool)
        self._stuck.intersection_update(names)
        waiting = [name for name in names if name not in self._stuck and name[:_DIGITS].isdigit()]
        if not waiting:
            return now
        monotonic = time.monotonic()
        if waiting[0] != self._oldest:
            self._oldest, self._since = waiting[0], monotonic
        elif monotonic - self._since > STUCK_S and len(waiting) > 1:
            self._stuck.add(waiting.pop(0))
            self._oldest, self._since = waiting[0], monotonic
        return min(now, int(waiting[0][:_DIGITS]) / 1000)

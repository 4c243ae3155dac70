"""When a channel that fails and fails is left alone, and when a message is tried again.

Pure; times are seconds since 1970.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

FAILURES_UNTIL_OPEN = 10
"""In a row: a receiver that fails half the time meets that once in a thousand tries."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
AT_ONCE = 4
"""So many of one channel are under way at the same time."""
_FIRST_WAIT_S, _FACTOR, _LONGEST_WAIT_S = 1.0, 4.0, 900.0


@dataclass(frozen=True, slots=True)
class Circuit:
    """Of one channel. Closed: all go. Open: none goes until the pause is over, then one, to see."""

    failures: int = 0
    pause_s: float = 0.0
    paused_until: float = 0.0

    @property
    def is_open(self) -> bool:
        return self.failures >= FAILURES_UNTIL_OPEN

    def slots(self, now: float) -> int:
        """How many may be under way now."""
        if now < self.paused_until:
            return 0
        return 1 if self.is_open else AT_ONCE

    def after_success(self) -> Circuit:
        return Circuit()

    def after_failure(self, now: float) -> Circuit:
        """Those that were under way when the pause began don't lengthen it."""
        failed = replace(self, failures=self.failures + 1)
        if not failed.is_open or now < self.paused_until:
            return failed
        pause_s = min(max(self.pause_s * 2, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
        return replace(failed, pause_s=pause_s, paused_until=now + pause_s)

    def after_throttle(self, now: float, wait_s: float) -> Circuit:
        """The receiver lives and has asked for a pause of all that goes to it."""
        return replace(self, failures=0, pause_s=0.0, paused_until=max(self.paused_until, now + wait_s))


def wait_before(attempt: int, retry_after_s: float | None = None, *, chance: float | None = None) -> float:
    """Seconds from the end of try number `attempt` (from 1) to the next: 1, 4, 16, 64, 256, each half to one and a half
    of it, so that what failed together does not come again together. A receiver that asks for more gets more."""
    chance = random.random() if chance is None else chance  # noqa: S311 - not for secrets
    wait_s = min(_FIRST_WAIT_S * _FACTOR ** (attempt - 1), _LONGEST_WAIT_S) * (0.5 + chance)
    return max(wait_s, retry_after_s or 0.0)

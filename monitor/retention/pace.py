"""Deletes in steps, each so short that the digest does not notice, and all of them in a bounded time.

SQLite has one writer. So a step's transaction takes some 20 ms, and after it the others get as long as it took.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection, transaction

from monitor.digest.sql import database

STEP_S = 0.02
_LARGEST = 20_000
Step = Callable[[int], int]


class Pace:
    """For one run of a job: `seconds` in all."""

    def __init__(self, seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._until = time.monotonic() + seconds
        self._sleep = sleep
        self.longest_s = 0.0
        """Of all steps so far."""

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    def run(self, step: Step, *, first: int = 100) -> bool:
        """Call `step(n)` until it gives 0, that is, has found nothing more to do; False when time is over before.

        `n` is how much a step may do, in whatever it counts; it grows and shrinks with the time that a step takes.
        """
        size = first
        while not self.is_over:
            with transaction.atomic(), connection.wrap_database_errors:
                # Only from here: before it, we may have waited for the digest.
                started = time.monotonic()
                done = step(size)
                took = time.monotonic() - started
            self.longest_s = max(self.longest_s, took)
            if not done:
                return True
            size = _next_size(size, took)
            self._sleep(took)
        return False

    def delete(self, statement: str, *values: object) -> bool:
        """The same for a statement with `LIMIT ?` as its last placeholder."""
        return self.run(lambda size: database().execute(statement, (*values, size)).rowcount)


def _next_size(size: int, took: float) -> int:
    if took > STEP_S:
        return max(1, int(size * STEP_S / took))
    return min(_LARGEST, size * 2) if took < STEP_S / 2 else size

"""The time by which old things are forgotten: that of the clock, but one that cannot jump.

A clock set to 2100 for a minute must not cost everything that is kept. So this time runs at most a day for each hour
that the worker runs: after a jump somebody has days to set the clock right, and after a monitor was away for a month
its old things are forgotten a day or two late.
"""

import time

from django.db import connection, transaction

from monitor.digest import figures

AT_MOST_TIMES = 24.0
_FIGURE = "forgetting_time"


class ForgettingTime:
    """Of the one worker that holds the clock's lock."""

    def __init__(self) -> None:
        self._asked_at = time.monotonic()

    def at(self, now: float) -> float:
        """Seconds since 1970, never later than `now`."""
        monotonic = time.monotonic()
        elapsed, self._asked_at = monotonic - self._asked_at, monotonic
        with transaction.atomic(), connection.wrap_database_errors:
            known = figures.read()
            before = known.get(_FIGURE) or known.get("last_received_at") or now
            allowed = min(now, before + elapsed * AT_MOST_TIMES)
            if allowed > before or _FIGURE not in known:
                figures.put({_FIGURE: allowed})
        return allowed

"""Runs what is due by the clock (clock.py), in one worker of however many there are: the one that holds the lock.

Intervals are counted by a clock that nobody can set; only what a job is given is the time of day.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from django.db import connection

from monitor.digest.clock import ClockJob
from monitor.digest.failures import Fault, fault_of
from monitor.digest.forgetting_time import ForgettingTime
from monitor.digest.sql import database
from monitor.digest.stopping import Stop
from monitor.digest.turns import wait_for_turn

logger = logging.getLogger(__name__)
LOCK = "clock.lock"
_ASK_AGAIN_S = 2.0
_LONGEST_PAUSE_S = 30.0
_STOPS_WITHIN_S = 0.5
_SMALL_CACHE = "PRAGMA cache_size=-2000"


class Clockwork:
    """`run` is a thread's; it ends soon after `stop` is requested."""

    def __init__(
        self,
        jobs: Sequence[ClockJob],
        root: Path,
        stop: Stop,
        *,
        on_lock: Callable[[], None] = lambda: None,
        on_damage: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._due = dict.fromkeys(jobs, 0.0)
        self._failures: Counter[ClockJob] = Counter()
        self._root = root
        self._stop = stop
        self._on_lock = on_lock
        self._on_damage = on_damage
        self._forgetting_time = ForgettingTime()
        self._news = threading.Event()

    def tell_news(self) -> None:
        """A batch has been stored: jobs that wait for that run now. Ends its wait when it shall stop. From any thread."""
        self._news.set()

    def run(self) -> None:
        lock = wait_for_turn(self._root / LOCK, self._stop, ask_every_s=_ASK_AGAIN_S)
        try:
            if lock is None:
                return
            self._on_lock()
            while not self._stop.requested:
                self.run_due(time.monotonic(), time.time())
                self._wait()
        finally:
            connection.close()
            if lock is not None:
                os.close(lock)

    def _wait(self) -> None:
        """Until the next job is due, there is news, or it may be time to stop."""
        next_in_s = min(self._due.values(), default=math.inf) - time.monotonic()
        if self._news.wait(min(max(next_in_s, 0.0), _STOPS_WITHIN_S)):
            self._news.clear()
            for job in self._due:
                if job.at_news and not self._failures[job]:
                    self._due[job] = 0.0

    def run_due(self, monotonic: float, now: float) -> None:
        """Each job whose time has come, once, however late it is."""
        for job, due in self._due.items():
            if due <= monotonic and not self._stop.requested:
                self._due[job] = monotonic + job.every_s
                self._run_one(job, now)
                if pause_s := self._pause_s(job):
                    self._due[job] = monotonic + pause_s

    def _pause_s(self, job: ClockJob) -> float:
        """Of a job that fails again and again, longer and longer: on a full disk the log must not fill what is left."""
        failures = self._failures[job]
        return (
            max(job.every_s, min(job.every_s * 2.0 ** min(failures, 30), _LONGEST_PAUSE_S))
            if failures
            else 0.0
        )

    def _run_one(self, job: ClockJob, now: float) -> None:
        # The boundary: one job that fails must not stop the others; its next time comes.
        try:
            if connection.connection is None:
                database().execute(_SMALL_CACHE)
            job.run(self._forgetting_time.at(now) if job.forgets else now)
            self._failures[job] = 0
        except Exception as error:
            self._failures[job] += 1
            # Where it was, once in a row, if it is our mistake: of a full disk each job would say the same each second.
            is_news = self._failures[job] == 1 and fault_of(error) is Fault.RECORD
            logger.log(
                logging.ERROR,
                "The job %s failed (%s: %s); it is tried again in %g s.",
                job.name,
                type(error).__name__,
                error,
                self._pause_s(job),
                exc_info=error if is_news else None,
            )
            with suppress(Exception):
                # Perhaps it is the connection.
                connection.close()
            if fault_of(error) is Fault.FILE:
                self._on_damage(error)

"""The thread of the worker that sends. It alone speaks to the database; each message that goes out has a thread of its
own, so that a receiver that hangs holds up nobody but those that wait for the same channel."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.db import connection

from monitor.alerts.dispatch.claiming import claim, is_anything_due, newest, release_all
from monitor.alerts.dispatch.errands import Ended, Errand, carry
from monitor.alerts.dispatch.marking import mark
from monitor.alerts.outbox import queued
from monitor.digest.sql import database
from monitor.digest.stopping import Stop
from monitor.digest.turns import wait_for_turn

logger = logging.getLogger(__name__)
LOCK = "dispatch.lock"
LOOKS_EVERY_S = 0.5
"""For what becomes due by the clock, and what another process has queued; this one's own wakes it."""
_ASKS_FOR_LOCK_EVERY_S = 2.0
_ASKS_AGAIN_AFTER_S = 0.5
_AFTER_TROUBLE_S = 1.0
_LAST_WAIT_S = 5.0
_SMALL_CACHE = "PRAGMA cache_size=-2000"


class Dispatcher:
    """`run` is a thread's life; `step` one round of it."""

    def __init__(self, root: Path, stop: Stop, *, carry: Callable[[Errand], Ended] = carry) -> None:
        self._root = root
        self._stop = stop
        self._carry = carry
        self._under_way: Counter[str] = Counter()
        self._ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._unmarked: list[Ended] = []
        self._woken = queued
        self._asked: tuple[float, int] | None = None
        """When nothing could be sent of what was due, and which was the newest row then."""

    @property
    def is_idle(self) -> bool:
        """Nothing is under way, and what came back is written down."""
        return not self._under_way.total() and not self._unmarked

    def run(self) -> None:
        """Until the worker stops. Of several workers one sends: who holds the lock."""
        lock = wait_for_turn(self._root / LOCK, self._stop, ask_every_s=_ASKS_FOR_LOCK_EVERY_S)
        if lock is None:
            return
        try:
            self._begin()
            while not self._stop.requested:
                self._round()
            self._end()
        finally:
            connection.close()
            os.close(lock)

    def step(self, now: float) -> int:
        """Write down what has ended, send what is due; gives how many went out. Raises what the database raises."""
        has_news = self._mark(now)
        if not is_anything_due(now) or not (has_news or self._is_worth_asking(now)):
            return 0
        errands = claim(now, self._under_way)
        self._asked = None if errands else (now, newest())
        for errand in errands:
            self._under_way[errand.channel.name] += 1
            # A daemon: the process may end while a receiver takes its time; the claim tells the next one.
            threading.Thread(target=self._send, args=(errand,), name="delivery", daemon=True).start()
        return len(errands)

    def wait(self, seconds: float) -> None:
        """Until something has come back or is new, or so long."""
        if self._woken.wait(seconds):
            self._woken.clear()

    def _send(self, errand: Errand) -> None:
        self._ended.put(self._carry(errand))
        self._woken.set()

    def _is_worth_asking(self, now: float) -> bool:
        """While all that is due must wait, for a pause or for its thread, all that is new can be a new one."""
        if self._asked is None:
            return True
        at, newest_then = self._asked
        return abs(now - at) >= _ASKS_AGAIN_AFTER_S or newest() != newest_then

    def _mark(self, now: float) -> bool:
        """Gives whether there was anything."""
        with suppress(queue.Empty):
            while True:
                one = self._ended.get_nowait()
                self._under_way[one.errand.channel.name] -= 1
                self._unmarked.append(one)
        # Kept until it is written: a database that is locked or full must not make us forget what was sent.
        mark(self._unmarked, now)
        found = bool(self._unmarked)
        self._unmarked = []
        return found

    def _round(self) -> None:
        # The boundary: what the database can't do now, it is asked for again.
        try:
            if connection.connection is None:
                database().execute(_SMALL_CACHE)
            self.step(time.time())
        except Exception:
            logger.exception("Notifications can't be sent just now; next try in %g s.", _AFTER_TROUBLE_S)
            with suppress(Exception):
                connection.close()
            self._stop.wait(_AFTER_TROUBLE_S)
        self.wait(LOOKS_EVERY_S)

    def _begin(self) -> None:
        while not self._stop.requested:
            try:
                found = release_all()
            except Exception:
                logger.exception(
                    "Claims of an earlier worker can't be released; next try in %g s.", _AFTER_TROUBLE_S
                )
                self._stop.wait(_AFTER_TROUBLE_S)
            else:
                if found:
                    logger.warning(
                        "%d notifications were being sent when a worker ended; they go again.", found
                    )
                return

    def _end(self) -> None:
        """What is under way may come back for a little while; the rest is told by its claim."""
        until = time.monotonic() + _LAST_WAIT_S
        while self._under_way.total() and time.monotonic() < until:
            self.wait(LOOKS_EVERY_S)
            with suppress(Exception):
                self._mark(time.time())


def dispatch(root: Path, stop: Stop) -> None:
    """As the worker starts it."""
    Dispatcher(root, stop).run()

"""The background thread that empties the spool: when to try, which envelope, how long to wait.

Retries go on until the host has the envelope or the spool's bounds end it. Order is kept within a process, with
one exception: an envelope that the host can't digest (it answers 500 to this one and takes others) is put
aside, so that it does not hold up everything behind it.
"""

import logging
import random
import threading
import time
from collections.abc import Callable

from core.sentry.spool.config import SpoolConfig
from core.sentry.spool.delivery import Delivery, Result
from core.sentry.spool.entry import Entry

logger = logging.getLogger("core.sentry.spool")

THREAD_NAME = "sentry.spool"
SUSPECT_AFTER_FAILURES = 4
_PROBES = 20
_PUT_ASIDE_FIRST_S = 60.0
_PUT_ASIDE_MAX_S = 3600.0
_FORK_WAIT_S = 0.05
_SPILL_INTERVAL_S = 1.0
"""While the host is away, how long samples stay in memory before they are written, many at a time."""


class Sender:
    """One per transport. Between forks and after kill() there is no thread; the envelopes wait on disk."""

    def __init__(
        self, delivery: Delivery, config: SpoolConfig, report_losses: Callable[[bool], None]
    ) -> None:
        self._delivery = delivery
        self._backlog = delivery.store.backlog
        self._config = config
        self._report_losses = report_losses
        self._thread: threading.Thread | None = None
        self._state = threading.Lock()
        self._stopping = False
        self._paused = False
        self._wake = threading.Event()
        self._idle = False
        self._hurry = False
        self._progress = threading.Condition()
        self._failures = 0
        self._failures_ever = 0
        self._retry_at = 0.0
        self._scan_at = 0.0
        self._probing = False
        self._host_took_another = False

    # Called by other threads.

    def notify(self) -> bool:
        """There is something new. Costs next to nothing while the thread is busy or backing off.

        False when there is no thread and can be none: what is in memory only must go to disk now.
        """
        if self._thread is None and not self.start():
            return False
        store = self._delivery.store
        if self._idle or store.is_low_on_files or store.intake.is_filling:
            self._wake.set()
        return True

    def start(self) -> bool:
        """False when there can be no thread: after kill(), or when the interpreter is shutting down."""
        with self._state:
            if self._thread is not None:
                return True
            if self._stopping or self._paused:
                return False
            thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False
            self._thread = thread
            return True

    def stop(self) -> bool:
        """Ask the thread to end and wait for it, at most `stop_wait_s`. True when there is none any more."""
        with self._state:
            self._stopping = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join(self._config.stop_wait_s)
        return thread is None or not thread.is_alive()

    def pause(self) -> None:
        """Before a fork: a child of a process with one thread can't inherit a lock that another one holds."""
        self._paused = True
        self._wake.set()
        if (thread := self._thread) is not None:
            thread.join(_FORK_WAIT_S)

    def resume(self) -> None:
        """After a fork, in the parent, which from now on looks after its children's directories too."""
        self._paused = False
        self.start()

    def flush(self, timeout_s: float, callback: Callable[[int, float], None] | None = None) -> bool:
        """Wait until this process's envelopes are delivered. Gives up at once when the host does not answer:
        they are safe on disk (after spill()), and waiting would only delay the shutdown."""
        if self._is_clear():
            return True
        deadline = time.monotonic() + timeout_s
        failures = self._failures_ever
        self._hurry = True
        self._wake.set()
        if not self.start():
            return self._flush_here(deadline)

        def is_over() -> bool:
            return self._is_clear() or self._failures_ever > failures

        with self._progress:
            if not self._progress.wait_for(is_over, min(0.1, timeout_s)):
                if callback is not None:
                    callback(len(self._backlog), timeout_s)
                self._progress.wait_for(is_over, max(0.0, deadline - time.monotonic()))
        return self._is_clear()

    @property
    def host_is_away(self) -> bool:
        return self._failures > 0

    def _is_clear(self) -> bool:
        # In this order: what leaves the intake is in the backlog by then.
        return not self._delivery.store.intake and not self._backlog.has_own(self._delivery.is_sendable)

    def _flush_here(self, deadline: float) -> bool:
        while time.monotonic() < deadline and not self._is_clear() and self._step() == 0:
            pass
        return self._is_clear()

    # In the thread.

    def _run(self) -> None:
        while True:
            with self._state:
                if self._stopping or self._paused:
                    self._thread = None
                    return
            try:
                wait_s = self._step()
            except (
                Exception
            ) as error:  # the boundary of the thread: it must outlive whatever one envelope does
                logger.exception("The sender of the Sentry spool failed; it goes on in a moment.")
                wait_s = self._back_off(f"{type(error).__name__}: {error}")
            if wait_s > 0:
                self._wake.wait(min(wait_s, _SPILL_INTERVAL_S) if self.host_is_away else wait_s)
                self._idle = False
            self._wake.clear()

    def _step(self) -> float:
        """Do one thing; gives the seconds to wait before the next."""
        now = time.monotonic()
        if self._delivery.store.is_low_on_files:
            self._delivery.store.stock_up()
        if self.host_is_away:
            self._delivery.store.spill()
        elif self._delivery.store.intake.is_filling:
            self._delivery.store.take_up(hold=True)
        if now >= self._scan_at:
            self._scan_at = now + self._config.scan_interval_s
            self._delivery.store.housekeep()
            # What is queued now, and not sent by the next time, is on disk then.
            self._delivery.store.take_up(hold=True)
            self._delivery.drop_limited_samples()
            if not self.host_is_away:
                self._report_losses(False)
        if now < self._retry_at and not self._hurry:
            return min(self._retry_at, self._scan_at) - now
        entry = self._choose() or self._choose_queued()
        if entry is None:
            return self._become_idle(now)
        if not self._backlog.claim(entry):
            return 0
        failures = entry.failures
        try:
            result = self._delivery.attempt(entry)
        except (
            Exception
        ) as error:  # a boundary: an envelope that trips our own code must not hold up the others
            logger.exception("Sending an envelope from the Sentry spool failed; it is kept and tried again.")
            self._delivery.last_error = f"{type(error).__name__}: {error}"
            entry.failures += 1
            result = Result.HOST_FAILED
        finally:
            entry.in_flight = False
        return self._learn(entry, result, its_fault=entry.failures > failures)

    def _become_idle(self, now: float) -> float:
        self._hurry = False
        self._idle = True
        with self._progress:
            self._progress.notify_all()
        # Looked at again after saying so: a capture in between has not set the event.
        if self._delivery.store.intake or self._choose() is not None:
            return 0
        return max(0.001, self._scan_at - now)

    def _choose(self) -> Entry | None:
        found = self._backlog.waiting(self._delivery.is_sendable, 1 if not self._probing else 1 + _PROBES)
        if self._probing and len(found) > 1:
            return min(found[1:], key=lambda entry: entry.failures)
        return found[0] if found else None

    def _choose_queued(self) -> Entry | None:
        # One by one: a request must not wait for the interpreter while a hundred are serialised.
        self._delivery.store.take_up(hold=True, at_most=1)
        return self._choose()

    def _learn(self, entry: Entry, result: Result, *, its_fault: bool) -> float:
        was_probe, self._probing = self._probing, False
        if result is Result.HOST_FAILED:
            self._hurry = False
            if self._host_took_another and its_fault:
                self._put_aside(entry)
                return 0
            self._probing = entry.failures >= SUSPECT_AFTER_FAILURES and not was_probe
            return self._back_off(self._delivery.last_error)
        self._host_took_another = was_probe and result is Result.SETTLED
        if result is Result.LIMITED:
            self._delivery.drop_limited_samples()
        elif self._failures:
            logger.info("The Sentry host answers again; %d envelopes wait.", len(self._backlog))
            self._failures = 0
            self._retry_at = 0.0
        with self._progress:
            self._progress.notify_all()
        return 0

    def _put_aside(self, entry: Entry) -> None:
        self._host_took_another = False
        delay_s = min(
            _PUT_ASIDE_MAX_S, _PUT_ASIDE_FIRST_S * 2 ** max(0, entry.failures - SUSPECT_AFTER_FAILURES - 1)
        )
        entry.not_before = time.monotonic() + delay_s
        logger.warning(
            "The Sentry host takes others but not envelope %s (%s); it is tried again in %d s.",
            entry.event_id or entry.name,
            self._delivery.last_error,
            delay_s,
        )

    def _back_off(self, said: str) -> float:
        if self._failures == 0:
            logger.warning(
                "The Sentry host does not take envelopes (%s). They are kept in %s and sent when it does.",
                said,
                self._delivery.store.destination,
            )
        delay_s = min(
            self._config.backoff_max_s, self._config.backoff_first_s * 2.0 ** min(self._failures, 30)
        )
        delay_s *= random.uniform(0.5, 1.0)  # noqa: S311  (processes must not come back all at once)
        self._failures += 1
        self._failures_ever += 1
        self._retry_at = time.monotonic() + delay_s
        with self._progress:
            self._progress.notify_all()
        return delay_s

"""A circuit breaker for one outside service: after so many failures in a row nobody asks for a while, then one does.

The states are pybreaker's. It is told outcomes and never makes the call: its `call` holds a lock for as long as the
protected call runs, so that one hanging call would make every other thread wait for it, where failing fast is the aim.
What it leaves open is decided here: one trial at a time while half-open, and answers of an earlier state count no more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pybreaker

CLOSED, OPEN, HALF_OPEN = pybreaker.STATE_CLOSED, pybreaker.STATE_OPEN, pybreaker.STATE_HALF_OPEN

BUSY_TRIAL_S = 1.0
"""What those are told to wait who come while the one trial is under way."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call, to be given back with its outcome."""

    generation: int


@dataclass(frozen=True, slots=True)
class Change:
    """One step from state to state, with the failure that caused it when one did."""

    old: str
    new: str
    error: BaseException | None = None


class _Failure(Exception):  # noqa: N818 (never leaves this module)
    """Stands for the real error, whose traceback pybreaker would lengthen by raising it again."""


class Circuit(pybreaker.CircuitBreakerListener):
    """Thread-safe, in the memory of one process. `on_change` is called outside of the lock, once for each change."""

    def __init__(
        self,
        name: str,
        *,
        failures: int,
        open_s: float,
        on_change: Callable[[Change], None] = lambda change: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_s = open_s
        self._on_change = on_change
        self._clock = clock
        self._lock = threading.Lock()
        self._generation = 0
        self._trial_is_running = False
        self._opened_at = 0.0
        self._error: BaseException | None = None
        self._changes: list[Change] = []
        self.changed_at = datetime.now(UTC)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures,
            reset_timeout=open_s,
            listeners=[self],
            name=name,
            throw_new_error_on_trip=False,
        )

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`; open until somebody asks again, even when the wait is over."""
        return self._breaker.current_state

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._breaker.fail_counter

    @property
    def retry_after_s(self) -> float:
        """Seconds until the next trial; 0 when there is nothing to wait for."""
        if self.state == CLOSED:
            return 0.0
        left = self._opened_at + self._open_s - self._clock()
        return max(left, BUSY_TRIAL_S if self._trial_is_running else 0.0, 0.0)

    def admit(self) -> Permit | None:
        """Leave to call the service, or None when it is not to be asked now."""
        with self._lock:
            if self.state == OPEN and self._clock() >= self._opened_at + self._open_s:
                self._breaker.half_open()
            if self.state == OPEN or (self.state == HALF_OPEN and self._trial_is_running):
                permit = None
            else:
                self._trial_is_running = self.state == HALF_OPEN
                permit = Permit(self._generation)
        self._tell()
        return permit

    def succeeded(self, permit: Permit) -> None:
        """The service answered."""
        self._settle(permit, lambda: None)

    def failed(self, permit: Permit, error: BaseException) -> None:
        """It did not."""
        self._settle(permit, _fail, error)

    def abandoned(self, permit: Permit) -> None:
        """The call ended for a reason that says nothing of the service."""
        self._settle(permit, None)

    def _settle(
        self, permit: Permit, outcome: Callable[[], None] | None, error: BaseException | None = None
    ) -> None:
        with self._lock:
            if permit.generation != self._generation:
                return
            self._trial_is_running = False
            if outcome is not None:
                self._error = error
                with suppress(_Failure):
                    self._breaker.call(outcome)
                self._error = None
        self._tell()

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,
        old_state: pybreaker.CircuitBreakerState | None,
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        """pybreaker's word that the state has changed; it comes while the lock is held."""
        self._generation += 1
        self.changed_at = datetime.now(UTC)
        if new_state.name == OPEN:
            self._opened_at = self._clock()
        self._changes.append(Change(old_state.name if old_state else CLOSED, new_state.name, self._error))

    def _tell(self) -> None:
        while self._changes:
            try:
                change = self._changes.pop(0)
            except IndexError:  # another thread was quicker
                return
            self._on_change(change)


def _fail() -> None:
    raise _Failure

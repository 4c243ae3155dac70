"""Asks services outside as a good neighbour: a few tries spread in time, a bound on all of them, a breaker, a fallback.

    weather = OutsideService("weather", title="weather service", timeout_s=20)
    answer = weather.call(lambda timeout_s: fetch(url, timeout_s), fallback=last_good_answer)

Made for one thread or many; each process learns for itself that a service is away (docs/resilience.md).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from weakref import WeakValueDictionary

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from tenacity.stop import stop_any, stop_before_delay

from core.circuit import CLOSED, OPEN, Change, Circuit
from core.errors import ExternalServiceError
from core.sentry import counters, service_tag  # noqa: F401 (importing it tags the events)
from core.sentry.capture import add_breadcrumb, capture_message
from core.sentry.measures import gauge
from core.service_failures import is_of_the_service, is_worth_another_try, reason, retry_after_s_of, speaks

logger = logging.getLogger(__name__)

T = TypeVar("T")
E = TypeVar("E", bound=ExternalServiceError)


class ServiceUnavailableError(ExternalServiceError):
    """Every try failed, or there was no time for another. `what`: its text without when to try again."""

    what = ""
    retry_after_s: float | None = None


class CircuitOpenError(ServiceUnavailableError):
    """Not asked at all, because it failed again and again a moment ago."""


class ServiceRefusedError(ExternalServiceError):
    """The service answered that it will not do this; it would answer the same again."""

    retryable = False


class ServiceAnswerError(ExternalServiceError):
    """The service answered, but not with what it promised. Raised by its client."""

    retryable = False


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how soon. Waits are random up to a bound that doubles ("full jitter"), so that callers spread.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    tries: int = 3
    base_s: float = 0.5
    cap_s: float = 8.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """After how many failures in a row nobody asks any more, and for how long."""

    failures: int = 5
    open_s: float = 30.0


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What one process knows of a service, for a page. `state` is closed (all is well), open or half-open."""

    name: str
    title: str
    state: str
    failures: int
    retry_after_s: float
    changed_at: datetime


class OutsideService:
    """One service outside. Keep one for each service, at module level: the breaker is its memory.

    `timeout_s` bounds a whole `call`, waits included, `try_timeout_s` one try. `title` names it to people.
    """

    def __init__(
        self,
        name: str,
        *,
        title: str = "",
        timeout_s: float = 20.0,
        try_timeout_s: float | None = None,
        retry: Retry = Retry(),
        breaker: Breaker = Breaker(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.title = name, title or f"service {name}"
        self._timeout_s, self._try_timeout_s = timeout_s, try_timeout_s or timeout_s
        self._retry = retry
        self._circuit = Circuit(
            name, failures=breaker.failures, open_s=breaker.open_s, on_change=self._tell, clock=clock
        )
        with _services_lock:
            _services[name] = self

    @property
    def state(self) -> ServiceState:
        circuit = self._circuit
        return ServiceState(
            self.name, self.title, circuit.state, circuit.failures, circuit.retry_after_s, circuit.changed_at
        )

    def call(
        self, fn: Callable[[float], T], *, fallback: Callable[[ExternalServiceError], T] | None = None
    ) -> T:
        """`fn(timeout_s)`, where timeout_s is how long this try may take; `fn` has to heed it.

        What is tried again is what the strategy calls retryable. A failure of the service comes out as an
        ExternalServiceError (one of the four above) that names it, or goes to `fallback`, which may raise it again.
        Any other error of `fn` is a bug and comes out as it is, at once.
        """
        try:
            return self._call(fn)
        except ExternalServiceError as error:
            if fallback is None or error.service != self.name:
                raise
            answer = fallback(error)
        counters.count("degraded", reason=f"{self.name}_fallback", category="external_service")
        logger.warning("The %s was not to be had; its fallback answered.", self.title)
        return answer

    def _call(self, fn: Callable[[float], T]) -> T:
        ends_at = time.monotonic() + self._timeout_s
        tries = Retrying(
            retry=retry_if_exception(self._is_worth_it),
            wait=self._wait_s,
            stop=self._is_enough,
            before_sleep=self._note_retry,
            reraise=True,
        )
        try:
            answer: T = tries(self._try, fn, ends_at)
        except Exception as exc:
            # A boundary: every client library has its own errors; what is not the service's goes on unchanged.
            if not self._is_mine(exc):
                raise
            raise self._failure(exc, tries.statistics.get("attempt_number", 1)) from _cause(exc)
        if tries.statistics.get("attempt_number", 1) > 1:
            counters.count("recovered", reason=self.name, category="external_service")
        return answer

    def _try(self, fn: Callable[[float], T], ends_at: float) -> T:
        permit = self._circuit.admit()
        if permit is None:
            counters.count("suppressed", reason=f"{self.name}_open", category="external_service")
            raise self._unavailable(CircuitOpenError, "is away", self._circuit.retry_after_s)
        try:
            answer = fn(max(0.001, min(self._try_timeout_s, ends_at - time.monotonic())))
        except BaseException as exc:
            # A boundary: the breaker hears how the call ended, however it ended.
            if not isinstance(exc, Exception) or not self._is_mine(exc):
                self._circuit.abandoned(permit)
            elif speaks(exc):
                self._circuit.succeeded(permit)
            else:
                self._circuit.failed(permit, exc)
            raise
        self._circuit.succeeded(permit)
        return answer

    def _is_mine(self, exc: BaseException) -> bool:
        """Whether it is this service that failed, and not another one that `fn` asked."""
        other = isinstance(exc, ExternalServiceError) and exc.service not in ("", self.name)
        return not other and is_of_the_service(exc)

    def _is_worth_it(self, exc: BaseException) -> bool:
        return not isinstance(exc, CircuitOpenError) and self._is_mine(exc) and is_worth_another_try(exc)

    def _failure(self, exc: Exception, tries: int) -> ExternalServiceError:
        if isinstance(exc, ExternalServiceError):
            return self._named(exc)
        counters.count("exhausted", reason=self.name, category="external_service")
        if not is_worth_another_try(exc):
            return self._named(ServiceRefusedError(f"The {self.title} refused: {reason(exc)}."))
        times = f" (asked {tries} times)" if tries > 1 else ""
        retry_after_s = retry_after_s_of(exc) or self._circuit.retry_after_s
        return self._unavailable(ServiceUnavailableError, f"failed: {reason(exc)}{times}", retry_after_s)

    def _unavailable(
        self, kind: type[ServiceUnavailableError], what: str, retry_after_s: float
    ) -> ServiceUnavailableError:
        when = f"in {retry_after_s:.0f} seconds" if 1 <= retry_after_s < 120 else "in a few minutes"
        what = f"The {self.title} {what}."
        error = self._named(kind(f"{what} Try again {when}."))
        error.what, error.retry_after_s = what, retry_after_s
        return error

    def _named(self, error: E) -> E:
        error.service = self.name
        return error

    def _wait_s(self, state: RetryCallState) -> float:
        jittered = wait_random_exponential(multiplier=self._retry.base_s, max=self._retry.cap_s)(state)
        error = state.outcome.exception() if state.outcome else None
        asked_for = retry_after_s_of(error) if error is not None else None
        return max(jittered, asked_for or 0.0)

    def _is_enough(self, state: RetryCallState) -> bool:
        bounds = stop_any(stop_after_attempt(self._retry.tries), stop_before_delay(self._timeout_s))
        return self._circuit.state == OPEN or bounds(state)

    def _note_retry(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        failure = type(error).__name__
        counters.count("retried", reason=self.name, category="external_service")
        add_breadcrumb(
            f"{self.title}: try {state.attempt_number} of {self._retry.tries} failed with {failure}",
            category="retry",
            level="warning",
            data={"service": self.name, "again_in_s": round(state.upcoming_sleep, 2)},
        )

    def _tell(self, change: Change) -> None:
        """Log and count every change; report the two that matter: it is away, it is back."""
        counters.count("circuit", reason=f"{self.name}_{change.new}", category="external_service")
        gauge("circuit_open", float(change.new != CLOSED), service=self.name)
        failure = type(change.error).__name__ if change.error is not None else ""
        logger.warning(
            "The circuit of the %s went from %s to %s. %s", self.title, change.old, change.new, failure
        )
        if (change.old, change.new) == (CLOSED, OPEN):
            message, level = f"The {self.title} is away: its circuit is open", "warning"
        elif change.new == CLOSED:
            message, level = f"The {self.title} is back: its circuit is closed", "info"
        else:
            return
        capture_message(
            message,
            level=level,  # type: ignore[arg-type]
            tags={"category": "external_service", "service": self.name, "circuit": change.new},
            context={"circuit": {"from": change.old, "to": change.new, "error": failure}},
        )


_services: WeakValueDictionary[str, OutsideService] = WeakValueDictionary()
_services_lock = threading.Lock()


def states() -> list[ServiceState]:
    """Every service that this process knows, by name. `/readyz` does not ask: without them, the rest still works."""
    with _services_lock:
        known = list(_services.values())
    return sorted((service.state for service in known), key=lambda state: state.name)


def _cause(exc: Exception) -> BaseException | None:
    """What the new error came from; an error of ours that goes on keeps its own cause."""
    return exc.__cause__ if isinstance(exc, ExternalServiceError) else exc

"""Retry, breaker and fallback: what is tried again, how long it may take, who is asked, what is told."""

from __future__ import annotations

import pickle
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sentry_sdk
import tenacity
from billiard.exceptions import SoftTimeLimitExceeded

from core import resilience
from core.circuit import CLOSED, HALF_OPEN, OPEN
from core.errors import ExternalServiceError
from core.resilience import (
    Breaker,
    CircuitOpenError,
    OutsideService,
    Retry,
    ServiceAnswerError,
    ServiceRefusedError,
    ServiceUnavailableError,
    states,
)
from core.sentry import counters
from core.sentry.capture import capture_exception
from core.sentry.classify import classify
from tests.core.wire import reporting

AT_ONCE = Retry(tries=3, base_s=0)
NEVER_OPEN = Breaker(failures=1000)
PATIENCE_S = 60


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    monotonic = __call__

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def status_error(status: int, **headers: str) -> httpx.HTTPStatusError:
    request = httpx.Request("GET", "http://weather.example/?key=s3cret")
    return httpx.HTTPStatusError("no", request=request, response=httpx.Response(status, headers=headers))


def failing(error: BaseException, *, times: int = 10**9) -> tuple[Callable[[float], str], list[float]]:
    """A call that raises `error` so often and then answers; and the time-outs that it was given."""
    given: list[float] = []

    def call(timeout_s: float) -> str:
        given.append(timeout_s)
        if len(given) <= times:
            raise error
        return "rain"

    return call, given


def counted(kind: str, reason: str) -> int:
    return sum(
        count
        for key, count in counters.current().snapshot().items()
        if (key.kind, key.reason) == (kind, reason)
    )


@pytest.mark.parametrize(
    ("error", "tries", "outcome"),
    [
        (httpx.ConnectError("refused"), 3, ServiceUnavailableError),
        (httpx.ReadTimeout("slow"), 3, ServiceUnavailableError),
        (httpx.RemoteProtocolError("cut"), 3, ServiceUnavailableError),
        (ConnectionResetError(), 3, ServiceUnavailableError),
        (TimeoutError(), 3, ServiceUnavailableError),
        (status_error(500), 3, ServiceUnavailableError),
        (status_error(429), 3, ServiceUnavailableError),
        (status_error(404), 1, ServiceRefusedError),
        (httpx.UnsupportedProtocol("ftp"), 1, ServiceRefusedError),
        (ssl.SSLCertVerificationError("expired"), 1, ServiceRefusedError),
        (ServiceAnswerError("nonsense"), 1, ServiceAnswerError),
        # Not the service's: they come out as they are.
        (KeyError("bug"), 1, KeyError),
        (SoftTimeLimitExceeded(), 1, SoftTimeLimitExceeded),
        (KeyboardInterrupt(), 1, KeyboardInterrupt),
    ],
    ids=lambda value: getattr(
        value, "__name__", type(value).__name__ if isinstance(value, BaseException) else None
    ),
)
def test_what_may_mend_by_itself_is_tried_again_and_nothing_else(
    error: BaseException, tries: int, outcome: type[BaseException]
) -> None:
    service = OutsideService("weather", retry=AT_ONCE, breaker=NEVER_OPEN)
    call, given = failing(error)
    with pytest.raises(outcome) as raised:
        service.call(call)
    assert type(raised.value) is outcome
    assert len(given) == tries
    assert "s3cret" not in str(raised.value)
    if isinstance(raised.value, ExternalServiceError):
        assert raised.value.service == "weather"
        assert pickle.loads(pickle.dumps(raised.value)).service == "weather"
        assert classify(raised.value).http_status == 503


def test_a_retry_that_succeeds_reports_nothing_but_a_breadcrumb_and_counts() -> None:
    service = OutsideService("rain", retry=AT_ONCE)
    call, _ = failing(httpx.ReadTimeout("slow"), times=2)
    with reporting() as sent:
        assert service.call(call) == "rain"
        assert sent.errors == []
        capture_exception(RuntimeError("later"))
    [event] = sent.errors
    crumbs = [crumb for crumb in event["breadcrumbs"]["values"] if crumb["category"] == "retry"]
    assert [crumb["message"] for crumb in crumbs] == [
        "service rain: try 1 of 3 failed with ReadTimeout",
        "service rain: try 2 of 3 failed with ReadTimeout",
    ]
    assert (counted("retried", "rain"), counted("recovered", "rain")) == (2, 1)
    assert event["tags"]["service"] != "rain"


def test_the_event_of_an_exhausted_call_is_grouped_by_its_service() -> None:
    service = OutsideService("rain gauge", retry=AT_ONCE)
    with reporting() as sent:
        try:
            service.call(failing(httpx.ConnectError("refused"))[0])
        except ServiceUnavailableError as error:
            capture_exception(error)
        capture_exception(RuntimeError("another"))
    first, second = sent.errors
    assert first["tags"]["service"] == "rain gauge"
    assert first["tags"]["category"] == "external_service"
    assert first["fingerprint"] == ["dependency-outage", "{{ tags.service }}", "unreachable"]
    assert [value["type"] for value in first["exception"]["values"]] == [
        "ConnectError",
        "ServiceUnavailableError",
    ]
    assert second["tags"]["service"] != "rain gauge"


def test_all_tries_and_waits_together_stay_within_the_time_given(monkeypatch: pytest.MonkeyPatch) -> None:
    service = OutsideService(
        "weather", timeout_s=0.4, retry=Retry(tries=1000, base_s=0.02, cap_s=0.1), breaker=NEVER_OPEN
    )
    clock = Clock()
    for module in (resilience, tenacity, tenacity.nap):
        monkeypatch.setattr(module, "time", clock)
    given: list[float] = []

    def slow(timeout_s: float) -> str:
        given.append(timeout_s)
        clock.sleep(min(timeout_s, 0.05))
        raise httpx.ReadTimeout("slow")

    started = clock.now
    with pytest.raises(ServiceUnavailableError):
        service.call(slow)
    assert round(clock.now - started, 9) <= 0.4
    assert len(given) > 2
    assert given == sorted(given, reverse=True)
    assert given[0] <= 0.4


def test_a_service_that_asks_for_more_time_than_there_is_is_not_asked_again() -> None:
    service = OutsideService("weather", timeout_s=5, retry=AT_ONCE)
    call, given = failing(status_error(429, **{"Retry-After": "3600"}))
    with pytest.raises(ServiceUnavailableError) as raised:
        service.call(call)
    assert len(given) == 1
    assert raised.value.retry_after_s == 3600


def test_the_circuit_opens_lets_one_try_through_and_closes() -> None:
    clock = Clock()
    service = OutsideService(
        "weather", retry=Retry(tries=2, base_s=0), breaker=Breaker(failures=3, open_s=30), clock=clock
    )
    call, given = failing(httpx.ConnectError("refused"), times=4)
    for _ in range(2):
        with pytest.raises(ServiceUnavailableError) as raised:
            service.call(call)
    # The third failure opened it: the second call was not tried a second time.
    assert (len(given), service.state.state, type(raised.value)) == (3, OPEN, ServiceUnavailableError)
    with pytest.raises(CircuitOpenError, match="Try again in 30 seconds") as refused:
        service.call(call)
    assert (len(given), refused.value.retry_after_s) == (3, 30)
    clock.now += 31
    with pytest.raises(ServiceUnavailableError):
        service.call(call)
    assert (len(given), service.state.state, service.state.retry_after_s) == (4, OPEN, 30)
    clock.now += 31
    assert service.call(call) == "rain"
    assert (service.state.state, service.state.failures) == (CLOSED, 0)
    assert service.state in states()


def test_opening_and_closing_are_told_once_each_and_every_change_is_counted() -> None:
    clock = Clock()
    service = OutsideService(
        "told", title="told service", retry=Retry(tries=1), breaker=Breaker(2, 10), clock=clock
    )
    call, _ = failing(httpx.ConnectError("refused"), times=4)
    with reporting() as sent:
        for _ in range(2):
            with pytest.raises(ExternalServiceError):
                service.call(call)
        for _ in range(2):
            clock.now += 11
            with pytest.raises(ExternalServiceError):
                service.call(call)
        clock.now += 11
        service.call(call)
        sentry_sdk.flush()
        metrics = [metric for item in sent.items("trace_metric") for metric in item["items"]]
    figures = [metric["value"] for metric in metrics if metric["name"] == "circuit_open"]
    assert figures == [1, 1, 1, 1, 1, 1, 0], "open, half-open and open again for each trial, then closed"
    away, back = sent.errors
    assert away["message"] == "The told service is away: its circuit is open"
    assert back["message"] == "The told service is back: its circuit is closed"
    assert (away["level"], back["level"]) == ("warning", "info")
    for event in (away, back):
        assert (event["tags"]["category"], event["tags"]["service"]) == ("external_service", "told")
    assert away["contexts"]["circuit"]["error"] == "ConnectError"
    assert [counted("circuit", f"told_{state}") for state in (OPEN, HALF_OPEN, CLOSED)] == [3, 3, 1]


def test_refusals_and_bugs_do_not_open_the_circuit() -> None:
    service = OutsideService("weather", retry=AT_ONCE, breaker=Breaker(failures=1))
    for error in (status_error(404), KeyError("bug"), SoftTimeLimitExceeded()):
        with pytest.raises((ServiceRefusedError, KeyError, SoftTimeLimitExceeded)):
            service.call(failing(error)[0])
    assert service.state.state == CLOSED


def test_of_many_threads_one_tries_a_service_that_may_be_back() -> None:
    clock = Clock()
    service = OutsideService("weather", retry=Retry(tries=1), breaker=Breaker(1, 10), clock=clock)
    with pytest.raises(ServiceUnavailableError):
        service.call(failing(httpx.ConnectError("refused"))[0])
    clock.now += 11
    asked, answer = threading.Semaphore(0), threading.Event()

    def trial(_: float) -> str:
        asked.release()
        answer.wait(PATIENCE_S)
        return "rain"

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(service.call, trial)
        assert asked.acquire(timeout=PATIENCE_S)
        others = [pool.submit(service.call, trial) for _ in range(7)]
        # They fail fast, while the one trial still hangs.
        assert [type(other.exception(timeout=PATIENCE_S)) for other in others] == [CircuitOpenError] * 7
        answer.set()
        assert first.result(timeout=PATIENCE_S) == "rain"
    assert not asked.acquire(blocking=False)
    assert service.state.state == CLOSED


def test_one_hanging_call_makes_no_other_wait_and_its_late_answer_changes_nothing() -> None:
    service = OutsideService("weather", retry=Retry(tries=1), breaker=Breaker(failures=2))
    started, answer = threading.Event(), threading.Event()

    def hanging(_: float) -> str:
        started.set()
        answer.wait(PATIENCE_S)
        return "late"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(service.call, hanging)
        assert started.wait(PATIENCE_S)
        for _ in range(2):
            with pytest.raises(ServiceUnavailableError):
                service.call(failing(httpx.ConnectError("refused"))[0])
        assert service.state.state == OPEN
        answer.set()
        assert slow.result(timeout=PATIENCE_S) == "late"
    assert service.state.state == OPEN


def test_an_interrupted_trial_leaves_the_next_one_free() -> None:
    clock = Clock()
    service = OutsideService("weather", retry=Retry(tries=1), breaker=Breaker(1, 10), clock=clock)
    with pytest.raises(ServiceUnavailableError):
        service.call(failing(httpx.ConnectError("refused"))[0])
    clock.now += 11
    with pytest.raises(KeyboardInterrupt):
        service.call(failing(KeyboardInterrupt())[0])
    assert service.state.state == HALF_OPEN
    assert service.call(lambda _: "rain") == "rain"
    assert service.state.state == CLOSED


def test_the_fallback_answers_for_the_service_and_never_for_a_bug() -> None:
    service = OutsideService("weather", retry=AT_ONCE, breaker=Breaker(failures=3))
    seen: list[ExternalServiceError] = []

    def fallback(error: ExternalServiceError) -> str:
        seen.append(error)
        return "yesterday's"

    call, given = failing(httpx.ConnectError("refused"))
    with reporting() as sent:
        assert service.call(call, fallback=fallback) == "yesterday's"
        assert service.call(call, fallback=fallback) == "yesterday's"
    assert [type(error) for error in seen] == [ServiceUnavailableError, CircuitOpenError]
    assert len(given) == 3
    assert [event["message"] for event in sent.errors] == ["The service weather is away: its circuit is open"]
    with pytest.raises(KeyError):
        OutsideService("weather").call(failing(KeyError("bug"))[0], fallback=fallback)


def test_an_error_of_another_service_inside_is_not_this_ones_to_answer() -> None:
    inner, outer = (
        OutsideService("inner", retry=Retry(tries=1)),
        OutsideService("outer", retry=Retry(tries=1)),
    )
    with pytest.raises(ServiceUnavailableError) as raised:
        outer.call(lambda _: inner.call(failing(httpx.ConnectError("refused"))[0]))
    assert raised.value.service == "inner"

"""rate_limit over the real cache, and with the cache away."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from core import rate_limit as module
from core.rate_limit import Rate, client_address, rate_limit
from core.sentry import counters
from tests.core.wire import run_async


def limited(rate: str = "2/m", **options: Any) -> Any:
    @rate_limit(rate, name=uuid4().hex, **options)
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("fine")

    return view


@pytest.fixture
def post(rf: RequestFactory) -> Any:
    return lambda address="192.0.2.1", **extra: rf.post("/upload", REMOTE_ADDR=address, **extra)


@time_machine.travel("2026-11-21T10:00:30Z", tick=False)
def test_beyond_the_rate_the_answer_is_429_with_the_seconds_left(post: Any) -> None:
    view = limited()
    assert [view(post()).status_code for _ in range(3)] == [200, 200, 429]
    refused = view(post())
    assert refused.headers["Retry-After"] == "30"
    assert "Try again in 30 seconds." in refused.text
    as_json = view(post(headers={"Accept": "application/json"}))
    assert as_json.status_code == 429
    assert b'"success": false' in as_json.content


def test_the_next_window_is_open_again(post: Any) -> None:
    view = limited("1/m")
    with time_machine.travel("2026-11-21T10:00:59Z", tick=False):
        assert [view(post()).status_code for _ in range(2)] == [200, 429]
    with time_machine.travel("2026-11-21T10:01:00Z", tick=False):
        assert view(post()).status_code == 200


@time_machine.travel("2026-11-21T10:00:30Z", tick=False)
def test_clients_are_counted_apart_and_reading_is_free(post: Any, rf: RequestFactory) -> None:
    view = limited("1/m")
    assert view(post("192.0.2.1")).status_code == 200
    assert view(post("192.0.2.2")).status_code == 200
    assert view(post("192.0.2.1")).status_code == 429
    assert view(rf.get("/upload", REMOTE_ADDR="192.0.2.1")).status_code == 200


@time_machine.travel("2026-11-21T10:00:30Z", tick=False)
def test_async_views_are_limited_too(post: Any) -> None:
    @rate_limit("1/m", name=uuid4().hex)
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("fine")

    async def both() -> list[int]:
        return [(await view(post())).status_code for _ in range(2)]

    assert run_async(both()) == [200, 429]


def test_a_cache_that_is_away_lets_everybody_in_and_is_not_asked_each_time(
    settings: Settings, post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }
    monkeypatch.setattr(module, "_left_alone_until", 0.0)
    before = counters.current().snapshot()
    view = limited("1/m")
    assert [view(post()).status_code for _ in range(3)] == [200, 200, 200]
    assert module._is_left_alone()
    grown = counters.current().snapshot() - before
    assert grown[counters.CountKey("degraded", "rate_limit_open", "request")] >= 3


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
    ],
)
def test_a_client_cannot_choose_its_address(
    settings: Settings, post: Any, proxies: int, forwarded: str, expected: str
) -> None:
    settings.RATE_LIMIT_PROXIES = proxies
    assert client_address(post(HTTP_X_FORWARDED_FOR=forwarded)) == expected


def test_rates_are_read_and_nonsense_is_refused() -> None:
    assert Rate.parse("5/30s") == Rate(5, 30)
    assert Rate.parse("100/h") == Rate(100, 3600)
    for nonsense in ("", "5", "0/m", "5/0s", "m/5", "-1/m"):
        with pytest.raises(ValueError, match="is no rate"):
            Rate.parse(nonsense)

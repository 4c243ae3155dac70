"""Bursts of refusals through the real handlers: nothing is told of one, one event of many, none of it with an address."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import Settings

from tests.core.wire import AsgiClient, WsgiClient, reporting

NOON = "2026-11-21T12:00:30Z"


@pytest.fixture(autouse=True)
def _failing_site(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.core.failing_site"
    settings.DEBUG = False
    settings.RATE_LIMIT_PROXIES = 1


def _client() -> dict[str, str]:
    """Headers of a client that no other test, nor an earlier run on the same cache, has been."""
    return {"X-Forwarded-For": uuid4().hex}


@pytest.mark.parametrize("server", [WsgiClient, AsgiClient], ids=["wsgi", "asgi"])
@pytest.mark.parametrize(
    ("path", "burst", "enough", "severity"),
    [
        ("/no-such-page", "missing_pages", 60, "P3"),
        ("/forbidden", "refused_requests", 20, "P0"),
        ("/suspicious", "refused_requests", 20, "P0"),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_a_burst_from_one_client_is_one_event(
    server: Any, path: str, burst: str, enough: int, severity: str
) -> None:
    call, client = server(), _client()
    with reporting() as sent:
        for _ in range(enough - 1):
            call(path, headers=client)
        call(path, headers=_client())
        assert sent.errors == []
        for _ in range(10):
            call(path, headers=client)
    (event,) = sent.errors
    tags = event["tags"]
    assert (tags["burst"], tags["category"], tags["severity"]) == (burst, "security", severity)
    assert event["fingerprint"] == ["security", "{{ tags.burst }}"]
    assert event["contexts"]["burst"]["count"] == enough
    assert client["X-Forwarded-For"] not in str(event)


@time_machine.travel(NOON, tick=False)
def test_what_the_user_is_to_mend_is_no_burst() -> None:
    call, client = WsgiClient(), _client()
    with reporting() as sent:
        for _ in range(70):
            call("/expected", headers=client)
            call("/fine", headers=client)
    assert sent.errors == []


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_guessing_passwords_on_the_log_in_page_is_one_event(client: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = "hydroml.urls"
    guesser = _client()
    words = {"username": "ada@example.org", "password": "otter7"}
    with reporting() as sent:
        for _ in range(9):
            client.post("/accounts/login/", words, headers=guesser)
        assert sent.errors == []
        for _ in range(9):
            client.post("/accounts/login/", words, headers=guesser)
    (event,) = sent.errors
    tags = event["tags"]
    assert (tags["burst"], tags["category"], tags["severity"]) == ("failed_logins", "security", "P0")
    assert "ada@example.org" not in str(event)
    assert "otter7" not in str(event)


@time_machine.travel(NOON, tick=False)
def test_a_cache_that_is_away_does_not_hide_a_burst(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 1},
        }
    }
    call, client = WsgiClient(), _client()
    with reporting() as sent:
        for _ in range(25):
            assert call("/forbidden", headers=client).status == 403
    (event,) = sent.errors
    assert event["tags"]["burst"] == "refused_requests"

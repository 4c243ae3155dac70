"""A cache whose server is really stopped, hangs or is full: pages go on, one call in five seconds pays, one report."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.core.cache import caches
from django.test import Client
from pytest_django.fixtures import Settings

from core import cache as forgiving
from core.cache import LEFT_ALONE_S, REPORT_EVERY_S, ForgivingRedisCache, Outage, is_degraded
from core.sentry import denominators
from stack.valkey import Valkey
from tests.core.test_resilience import Clock, counted
from tests.core.wire import reporting
from tests.own_valkey import own_valkey


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    """A server of this module's own, to be stopped."""
    with own_valkey() as server:
        yield server


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(forgiving, "_outages", {})
    monkeypatch.setattr(forgiving, "Outage", lambda: Outage(clock))
    return clock


def cache_at(url: str, **options: Any) -> ForgivingRedisCache:
    return ForgivingRedisCache(
        url, {"OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, **options}}
    )


def dead_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://:s3cret@127.0.0.1:{probe.getsockname()[1]}/0"


def test_it_is_a_cache_goes_on_without_and_comes_back(
    valkey: Valkey, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache = cache_at(valkey.url)
    cache.set("rain", 1)
    assert (cache.get("rain"), cache.incr("rain"), cache.add("rain", 5), cache.has_key("rain")) == (
        1,
        2,
        False,
        True,
    )
    port = valkey.port
    with reporting() as sent, caplog.at_level(logging.WARNING, logger="core.cache"):
        valkey.stop()
        for _ in range(3):
            assert cache.get("rain", "default") == "default"
            cache.set("rain", 3)
        assert cache.is_away()
        monkeypatch.setattr("stack.valkey.free_port", lambda: port)
        valkey.start()
        assert cache.is_away(), "nobody asks so soon"
        clock.now += LEFT_ALONE_S
        assert cache.get("rain") is None
        assert not cache.is_away()
        cache.set("rain", 4)
        assert cache.get("rain") == 4
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == [
        "The cache is away",
        "The cache is back after 5 s; 6 calls went without.",
    ]
    [event] = sent.errors
    assert (event["tags"]["category"], event["tags"]["severity"]) == ("cache", "P1")
    assert event["fingerprint"] == ["dependency-outage", "redis", "unreachable"]


def test_each_call_has_an_answer_while_it_is_away(clock: Clock) -> None:
    cache = cache_at(dead_url())
    assert cache.add("turn", 1), "who asks for a turn gets it"
    assert cache.get_or_set("a", 7) == 7
    assert cache.get_many(iter("ab")) == {}
    assert cache.set_many({"a": 1, "b": 2}) == ["a", "b"]
    assert not cache.has_key("a")
    assert not cache.touch("a")
    assert not cache.delete("a")
    cache.delete_many(["a"])
    cache.clear()
    with pytest.raises(ValueError, match="the cache is away"):
        cache.incr("a")
    assert asyncio.run(cache.aget("a", "default")) == "default"


def calls_taken(server: socket.socket) -> int:
    """How many have connected since this was last asked; each has waited for an answer until its time-out."""
    server.setblocking(False)
    taken = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            taken += 1
    return taken


def test_a_server_that_hangs_costs_one_time_out_in_five_seconds(clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        cache = cache_at(f"redis://127.0.0.1:{hanging.getsockname()[1]}/0", socket_timeout=0.2)
        before = counted("degraded", "cache_away")
        for _ in range(200):
            cache.get("rain")
        assert calls_taken(hanging) == 1
        assert counted("degraded", "cache_away") - before == 200
        clock.now += LEFT_ALONE_S
        for _ in range(200):
            cache.get("rain")
        assert calls_taken(hanging) == 1


def test_the_connections_of_a_cache_object_go_with_it(valkey: Valkey, clock: Clock) -> None:
    cache = cache_at(valkey.url)
    cache.set("rain", 1)
    [pool] = cache._cache._pools.values()
    [connection] = pool._available_connections
    assert connection.is_connected
    del cache
    assert not connection.is_connected


def test_a_long_outage_is_reported_each_minute_without_the_password(clock: Clock) -> None:
    cache = cache_at(dead_url())
    with reporting() as sent:
        for _ in range(int(2 * REPORT_EVERY_S / LEFT_ALONE_S) + 1):
            cache.get("rain")
            clock.now += LEFT_ALONE_S
    assert len(sent.errors) == 3
    assert "s3cret" not in str(sent.errors)


def test_a_full_server_and_a_wrong_password_are_forgiven_and_a_wrong_call_is_not(
    valkey: Valkey, clock: Clock
) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory", 1)
        try:
            cache_at(valkey.url).set("rain", "x" * 1000)
        finally:
            client.config_set("maxmemory", 0)
    clock.now += LEFT_ALONE_S
    cache = cache_at(valkey.url)
    assert cache_at(valkey.url.replace("://:", "://:not-")).get("rain") is None
    cache.set("word", "rain")
    with pytest.raises(redis.ResponseError):
        cache.incr("word")


@pytest.mark.django_db
def test_pages_and_readiness_say_so(client: Client, settings: Settings, clock: Clock) -> None:
    assert "the cache is away" not in client.get("/").content.decode()
    assert client.get("/readyz").json()["status"] == "ok"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": dead_url()}}
    assert isinstance(caches["default"], ForgivingRedisCache)
    assert "Some things are slower: the cache is away." in client.get("/").content.decode()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["cache"]["result"] == "degraded"


def test_another_kind_of_cache_is_never_degraded(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert not is_degraded()


def test_look_ups_that_were_answered_are_counted_as_hits_and_misses(valkey: Valkey, clock: Clock) -> None:
    cache, away = cache_at(valkey.url), cache_at(dead_url())
    with reporting(SENTRY_TRACES_SAMPLE_RATE="0"):
        cache.set("a", None)
        cache.set("b", 2)
        assert (cache.get("a", 7), cache.get("b"), cache.get("c", 7)) == (None, 2, 7)
        assert cache.get_many(["a", "b", "c", "d"]) == {"a": None, "b": 2}
        assert (away.get("a", 7), away.get_many(["a"])) == (7, {})
        counted = denominators.current().snapshot()
    look_ups = {labels: number for (name, labels), number in counted.items() if name == "cache_lookups"}
    assert look_ups == {(("outcome", "hit"),): 4, (("outcome", "miss"),): 3}

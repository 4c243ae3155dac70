"""Django's Redis cache, but a server that is away costs nothing but speed: no exception, no time-out for each request.

    CACHES = {"default": {"BACKEND": "core.cache.ForgivingRedisCache", ...}}

While it is away `get` gives the default and what would be written is not; `add` says True, so that who asks for a turn
gets it (done twice is better than not at all); `incr` raises ValueError, as for any key that is not there.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache

from core.sentry import counters, denominators
from core.sentry.capture import capture_exception

logger = logging.getLogger(__name__)

T = TypeVar("T")

LEFT_ALONE_S = 5.0
REPORT_EVERY_S = 60.0
_NOTHING, _AWAY = object(), object()


class Outage:
    """What this process knows of one server. Thread-safe; shared by the cache objects that each thread has."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began_at: float | None = None
        self._ask_again_at = self._report_again_at = 0.0
        self._last_heard_at = float("-inf")
        self._forgiven = 0

    @property
    def is_on(self) -> bool:
        return self._began_at is not None

    @property
    def silent_s(self) -> float:
        """Seconds since the server was last asked."""
        return self._clock() - self._last_heard_at

    def may_ask(self) -> bool:
        """Whether to ask the server: always while it is well, else one caller every five seconds."""
        if self._began_at is None:
            return True
        with self._lock:
            if self._clock() < self._ask_again_at:
                return False
            self._ask_again_at = self._clock() + LEFT_ALONE_S
            return True

    def forgive(self) -> None:
        """Count what was not done."""
        counters.count("degraded", reason="cache_away", category="cache")
        with self._lock:
            self._forgiven += 1

    def failed(self, error: Exception) -> None:
        """The server did not answer: told when that begins, and each minute that it lasts."""
        with self._lock:
            now = self._last_heard_at = self._clock()
            begins = self._began_at is None
            if begins:
                self._began_at, self._forgiven, self._report_again_at = now, 0, now
            self._ask_again_at = now + LEFT_ALONE_S
            is_due = now >= self._report_again_at
            if is_due:
                self._report_again_at = now + REPORT_EVERY_S
        if begins:
            logger.warning(
                "The cache is away (%s): going on without, asking again every %d s.",
                type(error).__name__,
                LEFT_ALONE_S,
            )
        if is_due:
            # Handled, but somebody must mend it; a long outage is to reach the alert's threshold.
            capture_exception(error)

    def answered(self) -> None:
        """The server answered."""
        self._last_heard_at = self._clock()
        if self._began_at is None:
            return
        with self._lock:
            began_at, self._began_at = self._began_at, None
        if began_at is not None:
            logger.warning(
                "The cache is back after %d s; %d calls went without.",
                self._clock() - began_at,
                self._forgiven,
            )


_outages: dict[str, Outage] = {}
_outages_lock = threading.Lock()


class ForgivingRedisCache(RedisCache):
    """See the module. Takes what Django's RedisCache takes."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        # Here and not above: core is to be copied to where there is no redis.
        from redis import exceptions
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        # redis-py's own retries would multiply the time-out that a dead server costs.
        options = {"retry": Retry(NoBackoff(), 0), **params.get("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})
        # Away, refusing us, full, or a replica: the page in hand cannot mend it. Wrong calls are bugs and come out.
        self._away = (
            exceptions.ConnectionError,
            exceptions.TimeoutError,
            exceptions.OutOfMemoryError,
            exceptions.ReadOnlyError,
            exceptions.NoPermissionError,
        )
        with _outages_lock:
            self.outage = _outages.setdefault(str(server), Outage())
        # Each thread and each asynchronous request has a cache object of its own. redis-py's pools refer to
        # themselves: what they opened would stay open after it until the collector comes by.
        client: Any = self._cache
        weakref.finalize(self, _hang_up, client._pools).atexit = False

    def is_away(self) -> bool:
        """Whether the server is away; asks it when nobody has for five seconds."""
        if self.outage.silent_s > LEFT_ALONE_S:
            self.has_key("is-it-there")
        return self.outage.is_on

    def _forgiving(self, act: Callable[[], T], instead: T) -> T:
        if self.outage.may_ask():
            try:
                answer = act()
            except self._away as error:
                self.outage.failed(error)
            else:
                self.outage.answered()
                return answer
        self.outage.forgive()
        return instead

    def add(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        return self._forgiving(lambda: RedisCache.add(self, key, value, timeout, version), True)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        value = self._forgiving(lambda: RedisCache.get(self, key, _NOTHING, version), _AWAY)
        if value is _AWAY:
            return default
        _count_look_ups(hits=int(value is not _NOTHING), misses=int(value is _NOTHING))
        return default if value is _NOTHING else value

    def set(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._forgiving(lambda: RedisCache.set(self, key, value, timeout, version), None)

    def touch(self, key: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._forgiving(lambda: RedisCache.touch(self, key, timeout, version), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._forgiving(lambda: RedisCache.delete(self, key, version), False)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        wanted = list(keys)
        found = self._forgiving(lambda: RedisCache.get_many(self, wanted, version), None)
        if found is None:
            return {}
        _count_look_ups(hits=len(found), misses=len(wanted) - len(found))
        return found

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._forgiving(lambda: RedisCache.has_key(self, key, version), False)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        answer = self._forgiving(lambda: RedisCache.incr(self, key, delta, version), None)
        if answer is None:
            raise ValueError(f"Key {key!r} not found: the cache is away.")
        return answer

    def set_many(
        self,
        data: dict[Any, Any],
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> list[Any]:
        """The keys that were not set, as Django's cache interface has it."""
        return self._forgiving(lambda: RedisCache.set_many(self, data, timeout, version), list(data))

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        unwanted = list(keys)
        self._forgiving(lambda: RedisCache.delete_many(self, unwanted, version), None)

    def clear(self) -> None:
        self._forgiving(lambda: RedisCache.clear(self), None)


def _count_look_ups(*, hits: int, misses: int) -> None:
    """Each look-up that the server answered: of these the share of hits is made."""
    for outcome, number in (("hit", hits), ("miss", misses)):
        if number:
            denominators.current().add("cache_lookups", number, outcome=outcome)


def _hang_up(pools: dict[int, Any]) -> None:
    for pool in pools.values():
        pool.disconnect()


def is_degraded(alias: str = "default") -> bool:
    """Whether pages go without their cache for the moment. Asks the server at most every five seconds; never raises."""
    cache = caches[alias]
    return isinstance(cache, ForgivingRedisCache) and cache.is_away()

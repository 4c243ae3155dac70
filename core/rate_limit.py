"""`rate_limit`: so many requests to a view in a time, counted in Django's cache; 429 with Retry-After beyond it.

A cache that is away lets everybody in (counted, told in a log line): a limit protects the site and must not close it.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from core.error_pages import too_many_requests
from core.sentry import counters

logger = logging.getLogger(__name__)

_View = TypeVar("_View", bound=Callable[..., Any])
_RATE = re.compile(r"(\d+)/(\d*)([smhd])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LEAVE_ALONE_S = 5.0
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` requests in each window of `window_s` seconds."""

    count: int
    window_s: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """From "10/m", "5/30s", "100/h". Raises ValueError."""
        match = _RATE.fullmatch(text)
        if match is None or int(match[1]) < 1 or match[2] == "0":
            raise ValueError(f"{text!r} is no rate: write a count and a time, as in 10/m, 5/30s or 100/h.")
        return cls(int(match[1]), int(match[2] or 1) * _UNIT_S[match[3]])


def client_address(request: HttpRequest) -> str:
    """The client's network address.

    Of X-Forwarded-For only the entries of our own proxies count: RATE_LIMIT_PROXIES says how many there are (0: none).
    """
    proxies = int(getattr(settings, "RATE_LIMIT_PROXIES", 0))
    if proxies:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if len(hops) >= proxies:
            return str(hops[-proxies])
    return str(request.META.get("REMOTE_ADDR", ""))


def rate_limit(
    rate: str,
    *,
    key: Callable[[HttpRequest], str] = client_address,
    name: str | None = None,
    safe_too: bool = False,
    message: str | None = None,
) -> Callable[[_View], _View]:
    """Decorator for views, synchronous or asynchronous. Counts what changes something; `safe_too` counts GET as well.

    `key` says whose requests are counted together; views with the same `name` share one count.
    """
    limit = Rate.parse(rate)

    def decorate(view: _View) -> _View:
        label = name or f"{view.__module__}.{view.__qualname__}"

        def refusal(request: HttpRequest, count: int) -> HttpResponse | None:
            if count <= limit.count:
                return None
            counters.count("refused", reason="rate_limit", category="request")
            retry_after_s = limit.window_s - int(time.time()) % limit.window_s
            return too_many_requests(request, retry_after_s=retry_after_s, message=message)

        @functools.wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not safe_too and request.method not in _UNSAFE:
                return view(request, *args, **kwargs)
            refused = refusal(request, _count(_slot(label, key(request), limit), limit))
            return refused or view(request, *args, **kwargs)

        @functools.wraps(view)
        async def limited_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not safe_too and request.method not in _UNSAFE:
                return await view(request, *args, **kwargs)
            refused = refusal(request, await _acount(_slot(label, key(request), limit), limit))
            return refused or await view(request, *args, **kwargs)

        return cast(_View, limited_async if iscoroutinefunction(view) else limited)

    return decorate


def _slot(label: str, who: str, limit: Rate) -> str:
    # A digest: an address in a cache key would be a personal datum in Redis, in its logs and in spans.
    digest = hashlib.sha256(f"{settings.SECRET_KEY}{who}".encode()).hexdigest()[:24]
    return f"rate:{label}:{digest}:{int(time.time()) // limit.window_s}"


def _count(slot: str, limit: Rate) -> int:
    if _is_left_alone():
        return 0
    try:
        cache.add(slot, 0, limit.window_s + 1)
        return int(cache.incr(slot))
    except Exception as error:
        # A boundary: every cache backend has its own errors, and none of them may close the site.
        return _open(error)


async def _acount(slot: str, limit: Rate) -> int:
    if _is_left_alone():
        return 0
    try:
        await cache.aadd(slot, 0, limit.window_s + 1)
        return int(await cache.aincr(slot))
    except Exception as error:
        # As above.
        return _open(error)


_left_alone_until = 0.0


def _is_left_alone() -> bool:
    """Whether the cache failed a moment ago: asking it again would make each request wait for its time-out."""
    if time.monotonic() >= _left_alone_until:
        return False
    counters.count("degraded", reason="rate_limit_open", category="request")
    return True


def _open(error: Exception) -> int:
    global _left_alone_until
    _left_alone_until = time.monotonic() + _LEAVE_ALONE_S
    counters.count("degraded", reason="rate_limit_open", category="request")
    logger.warning(
        "The cache is away (%s): requests are not limited for %d s.", type(error).__name__, _LEAVE_ALONE_S
    )
    return 0

"""How much is sent: which requests are traced, and how a flood of one error is thinned with its count kept."""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

SamplingContext = dict[str, Any]

NEVER_TRACED = ("/livez", "/readyz", "/healthz", "/health", "/static/", "/favicon.ico", "/robots.txt")


@dataclass(frozen=True)
class TracesSampler:
    """`traces_sampler` for the SDK.

    A stranger's headers must not decide: neither the sampled flag of `sentry-trace`, nor the random number in
    `baggage` that the SDK compares the rate with, nor a trace id chosen for the number that grows from it. A request
    that brings a trace is therefore decided by our own dice. A task keeps the decision of the request that sent it,
    since only our own processes write to the broker.
    """

    rate: float
    never_paths: tuple[str, ...] = NEVER_TRACED
    never_tasks: frozenset[str] = frozenset()
    trusted_networks: tuple[Any, ...] = ()
    dice: Callable[[], float] = field(default=random.random)

    @classmethod
    def build(
        cls,
        rate: float,
        *,
        never_paths: Iterable[str] = (),
        never_tasks: Iterable[str] = (),
        trusted: Iterable[str] = (),
    ) -> TracesSampler:
        """`trusted` are networks ("10.0.0.0/8") of proxies and services whose sampling decision is kept."""
        return cls(
            rate=rate,
            never_paths=tuple(dict.fromkeys((*NEVER_TRACED, *never_paths))),
            never_tasks=frozenset(never_tasks),
            trusted_networks=tuple(ip_network(network) for network in trusted),
        )

    def __call__(self, context: SamplingContext) -> float:
        environ, scope = context.get("wsgi_environ"), context.get("asgi_scope")
        if environ is not None:
            return self._request(
                context, environ.get("PATH_INFO", ""), environ.get("REMOTE_ADDR"), _brings_trace(environ)
            )
        if scope is not None:
            client = scope.get("client") or (None,)
            names = {bytes(name).lower() for name, _ in scope.get("headers", ())}
            return self._request(
                context, scope.get("path", ""), client[0], bool(names & {b"sentry-trace", b"baggage"})
            )
        job = context.get("celery_job")
        if job is not None and job.get("task") in self.never_tasks:
            return 0.0
        parent = context.get("parent_sampled")
        return float(parent) if parent is not None else self.rate

    def _request(self, context: SamplingContext, path: str, client: str | None, brings_trace: bool) -> float:
        if path.startswith(self.never_paths):
            return 0.0
        if not brings_trace:
            return self.rate
        parent = context.get("parent_sampled")
        if parent is not None and self._trusts(client):
            return float(parent)
        return 1.0 if self.dice() < self.rate else 0.0

    def _trusts(self, client: str | None) -> bool:
        if not client or not self.trusted_networks:
            return False
        try:
            address = ip_address(client)
        except ValueError:
            return False
        return any(address in network for network in self.trusted_networks)


def _brings_trace(environ: dict[str, Any]) -> bool:
    return "HTTP_SENTRY_TRACE" in environ or "HTTP_BAGGAGE" in environ


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    suppressed: int = 0


class FloodGate:
    """A token bucket for each fingerprint: `burst` at once, then `per_second`.

    `admit` answers how many were held back since the last one that went out, or None when this one is held back too.
    The least recently seen of more than `capacity` fingerprints is forgotten, so that memory is bounded; what it had
    held back is added to the next event of any fingerprint, so that no count is lost.
    """

    def __init__(
        self,
        *,
        burst: int = 20,
        per_second: float = 0.2,
        never: Collection[str] = ("P0", "P1"),
        capacity: int = 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst, self._per_second = float(burst), per_second
        self._never = frozenset(never)
        self._capacity = capacity
        self._clock = clock
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, key: Hashable, *, severity: str) -> int | None:
        """0 or more: send it, and say that so many like it were not. None: hold it back."""
        if severity in self._never:
            return 0
        now = self._clock()
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None:
                bucket = self._buckets[key] = _Bucket(self._burst, now)
                if len(self._buckets) > self._capacity:
                    _, forgotten = self._buckets.popitem(last=False)
                    bucket.suppressed += forgotten.suppressed
            else:
                self._buckets.move_to_end(key)
            bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._per_second)
            bucket.filled_at = now
            if bucket.tokens < 1.0:
                bucket.suppressed += 1
                return None
            bucket.tokens -= 1.0
            suppressed, bucket.suppressed = bucket.suppressed, 0
            return suppressed

    def give_back(self, key: Hashable, suppressed: int) -> None:
        """The event that was to carry `suppressed` was not sent after all."""
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is not None:
                bucket.suppressed += suppressed

    def held_back(self) -> int:
        """How many are held back now and not yet told."""
        with self._lock:
            return sum(bucket.suppressed for bucket in self._buckets.values())

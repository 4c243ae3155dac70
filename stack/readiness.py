"""Whether the processes do their work: asked from outside, as a load balancer or `docker compose` would."""

from functools import cached_property

import httpx
from celery import Celery


class Readiness:
    """Asks a running stack. Every question takes at most a few seconds and never raises for a "no"."""

    def __init__(self, *, address: str, redis_url: str, monitor_address: str = "") -> None:
        self._readyz, self._redis_url = f"{address}readyz", redis_url
        self._monitor_readyz = f"{monitor_address}api/relay/healthcheck/ready/"

    def monitor(self) -> bool:
        """It takes events: keys are published, its spool can be written."""
        try:
            return httpx.get(self._monitor_readyz, timeout=5).is_success
        except httpx.HTTPError:
            return False

    def web(self) -> bool:
        """It answers, and says that its database, broker and disk are fine."""
        try:
            return httpx.get(self._readyz, timeout=5).is_success
        except httpx.HTTPError:
            return False

    def web_says(self) -> str:
        """Its answer in words, for the message about a start that does not come up."""
        try:
            answer = httpx.get(self._readyz, timeout=5)
        except httpx.HTTPError as error:
            return str(error)
        return f"{answer.status_code} {answer.text[:500]}"

    def worker(self) -> bool:
        """It answers through the broker."""
        return bool(self._celery.control.inspect(timeout=1, limit=1).ping())

    def beat(self) -> bool:
        """A task that only beat sends has reached a worker."""
        stats = self._celery.control.inspect(timeout=1, limit=1).stats() or {}
        return any(worker.get("total") for worker in stats.values())

    @cached_property
    def _celery(self) -> Celery:
        return Celery(broker=self._redis_url, set_as_current=False)

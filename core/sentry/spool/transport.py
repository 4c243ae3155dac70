"""The SDK's transport with a disk between the caller and the network.

The caller serialises, writes, renames, and has its event id; a sample it only queues. All else (connections,
proxies, certificates, the auth header, rate-limit headers) is the SDK's own HttpTransport, used by the background
thread.
"""

import logging
import os
import time
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import urllib3
from sentry_sdk.consts import EndpointType
from sentry_sdk.envelope import Envelope, Item, PayloadRef
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.transport import HttpTransport

from core.sentry import counters
from core.sentry.counters import Counters, owed
from core.sentry.spool.config import SpoolConfig
from core.sentry.spool.delivery import Delivery, Response
from core.sentry.spool.directory import destination_path
from core.sentry.spool.sender import Sender
from core.sentry.spool.store import Store
from core.sentry.spool.wire import quantities_of

if TYPE_CHECKING:
    from sentry_sdk._types import EventDataCategory

logger = logging.getLogger("core.sentry.spool")

_UNHEALTHY_FILL = 0.5
_BY_THE_DICE = frozenset({"sample_rate", "backpressure"})
"""Counted in most requests; a kill may cost the last few of these counts."""
_REPORT_AS = {
    "spool_full": "cache_overflow",
    "spool_too_old": "cache_overflow",
    "memory_full": "queue_overflow",
    "broken_file": "internal_sdk_error",
    "spool_removed": "cache_overflow",
}
"""Our reasons in the protocol's words: https://develop.sentry.dev/sdk/telemetry/client-reports/"""


class SpoolTransport(HttpTransport):
    """For sentry_sdk.init(transport=...); `config` is a class attribute because the SDK makes the instance."""

    config: ClassVar[SpoolConfig] = SpoolConfig()

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        # The sender's own log lines must not become events: they would be written to the spool in turn.
        ignore_logger(logger.name)
        self._killed = False
        self._begin()
        _transports.add(self)
        if self._store.has_leftovers():
            self._sender.start()

    def _begin(self) -> None:
        """State of this process: made at the start, and anew in a forked child."""
        if self.parsed_dsn is None:
            raise ValueError("SpoolTransport needs a DSN; without one leave transport= out.")
        self._pid = os.getpid()
        self._counters = Counters()
        counters.use(self._counters)
        self._store = Store(
            self.config, destination_path(self.config.directory, self.parsed_dsn), self._counters
        )
        self._sender = Sender(Delivery(self._store, self._post, self), self.config, self._report_losses)
        self._last_client_report_sent = time.time()

    # In the caller.

    def capture_envelope(self, envelope: Envelope) -> None:
        """Write and return: never waits for the network, never raises."""
        if os.getpid() != self._pid and not self._killed:
            self._after_fork_in_child()
        try:
            self._store.add(envelope, sender_follows=not self._killed)
            if not self._killed and not self._sender.notify():
                self._store.spill()
        except Exception:  # the boundary to the application: reporting an error must not become one
            self._counters.add("dropped", reason="internal_sdk_error", category="error")
            logger.exception("An envelope could not be written to the Sentry spool.")

    def record_lost_event(
        self,
        reason: str,
        data_category: "EventDataCategory | None" = None,
        item: Item | None = None,
        *,
        quantity: int = 1,
    ) -> None:
        """What the SDK drops before it comes here (sampling, hooks): counted, and told in client reports."""
        if item is not None:
            lost = quantities_of(item)
        elif data_category is not None:
            lost = Counter({str(data_category): quantity})
        else:
            raise TypeError("record_lost_event() needs data_category or item.")
        for category, count in lost.items():
            at_once = reason not in _BY_THE_DICE
            self._counters.add("dropped", reason=reason, category=category, quantity=count, at_once=at_once)

    def is_healthy(self) -> bool:
        """What the SDK's back-pressure asks, to send fewer traces. An outage alone is no reason: there is room."""
        store = self._store
        half_full = store.backlog.disk_bytes >= self.config.max_bytes * _UNHEALTHY_FILL
        return not (self._is_rate_limited() or half_full or store.intake.is_filling)

    # At the end of a process, or when a test is over.

    def flush(self, timeout: float, callback: Callable[[int, float], None] | None = None) -> None:
        if timeout > 0 and not self._killed:
            self._report_losses(True)
            if not self._sender.flush(timeout, callback):
                self._store.spill()

    def kill(self) -> None:
        """End the thread and let go of the directory; what is left is delivered by another process, or the next."""
        self._killed = True
        if self._sender.stop():
            self._store.close(tell_losses=bool(self.options["send_client_reports"]))
            self._pool.clear()
        else:
            # A request is in flight: the lock goes with the process, and the thread is a daemon.
            self._store.spill()
            self._store.spill_in_flight()

    # In the sender.

    def is_limited(self, category: str) -> bool:
        return self._check_disabled(category) or (
            category == "feedback" and self._check_disabled("user_report_v2")
        )

    def update(self, response: Response) -> None:
        try:
            self._update_rate_limits(response)  # type: ignore[arg-type]
        except urllib3.exceptions.InvalidHeader:
            # A Retry-After that is neither seconds nor a date: the status alone, with the sender's back-off.
            logger.warning("The Sentry host sent a Retry-After that can't be read; backing off as usual.")

    def _get_pool_options(self) -> dict[str, Any]:
        timeout = urllib3.Timeout(connect=self.config.connect_timeout_s, read=self.config.read_timeout_s)
        return super()._get_pool_options() | {"timeout": timeout}

    def _post(self, body: bytes, content_headers: Mapping[str, str]) -> Response:
        headers = dict(content_headers)
        self._update_headers(headers)
        # Retries are the spool's business, and a redirect would turn the POST into a GET.
        return self._pool.request(
            "POST",
            self._auth.get_api_url(EndpointType.ENVELOPE),
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
        )

    def _report_losses(self, force: bool) -> None:
        """Tell the host what was lost, in an envelope of its own: durable like any other."""
        if not self.options["send_client_reports"]:
            return
        self._counters.sync()
        now = time.time()
        if not force and now - self._last_client_report_sent < self.config.client_report_interval_s:
            return
        debt = owed(self._counters.snapshot())
        if not debt:
            return
        self._last_client_report_sent = now
        discarded: Counter[tuple[str, str]] = Counter()
        for key, quantity in debt.items():
            reason = (
                "send_error" if key.reason.startswith("status_") else _REPORT_AS.get(key.reason, key.reason)
            )
            discarded[reason, key.category] += quantity
            self._counters.add("reported", reason=key.reason, category=key.category, quantity=quantity)
        report = {
            "timestamp": now,
            "discarded_events": [
                {"reason": reason, "category": category, "quantity": quantity}
                for (reason, category), quantity in discarded.items()
            ],
        }
        self._store.add(Envelope(items=[Item(PayloadRef(json=report), type="client_report")]))

    # Around a fork.

    def _before_fork(self) -> None:
        if not self._killed:
            self._sender.pause()

    def _after_fork_in_parent(self) -> None:
        if not self._killed:
            self._sender.resume()

    def _after_fork_in_child(self) -> None:
        """Nothing of the parent's: not its files, its connections, its thread, its counts, or what it owes."""
        if self._killed:
            return
        self._store.forget()
        self._pool = self._make_pool()
        self._begin()


_transports: "weakref.WeakSet[SpoolTransport]" = weakref.WeakSet()


def _each(act: Callable[[SpoolTransport], None]) -> Callable[[], None]:
    def for_each() -> None:
        for transport in list(_transports):
            act(transport)

    return for_each


os.register_at_fork(
    before=_each(SpoolTransport._before_fork),
    after_in_parent=_each(SpoolTransport._after_fork_in_parent),
    after_in_child=_each(SpoolTransport._after_fork_in_child),
)


def make_spool_transport(
    directory: Path | str,
    *,
    max_bytes: int = SpoolConfig.max_bytes,
    max_age_s: float = SpoolConfig.max_age_s,
    **settings: Any,
) -> type[SpoolTransport]:
    """A class for sentry_sdk.init(transport=...); `settings` are the other fields of SpoolConfig.

    Raises ValueError or TypeError for a bound that can't be.
    """
    config = SpoolConfig(directory=Path(directory), max_bytes=max_bytes, max_age_s=max_age_s)
    return type("ConfiguredSpoolTransport", (SpoolTransport,), {"config": replace(config, **settings)})

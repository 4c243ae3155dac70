"""What rates are made of: every request, task and use of a feature is counted here and sent each minute.

Rates, objectives and roll-back never come from sampled transactions. Each process adds up and sends sums as the SDK's
metrics, so that a thousand requests cost one line; the spool keeps them while the host is away. What a killed process
had not sent is in its journal beside the spool, and is sent by the next one.
"""

from __future__ import annotations

import atexit
import contextvars
import logging
import os
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import sentry_sdk

from core.sentry.classify import Classification
from core.sentry.exposition import keep
from core.sentry.fates import spool_directory
from core.sentry.sampling import NEVER_TRACED
from core.sentry.setup import current_setup
from core.sentry.sums_journal import Journal, Series, of_the_dead

logger = logging.getLogger("core.sentry")

EVERY_S = 60.0
MAX_SERIES = 2000
"""A bound on distinct labels, not on counts: what finds no room is counted as route, task or feature `other`."""

_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_KEEP_LOST = 1000


class Denominators:
    """Sums of one process, and the thread that sends them. Nothing starts before the first count, so forks are safe."""

    def __init__(self, every_s: float = EVERY_S, directory: Path | None = None) -> None:
        self._every_s = every_s
        self._directory = directory
        self._journal: Journal | None = None
        self._lock = threading.Lock()
        self._sums: Counter[Series] = Counter()
        self._sender: threading.Thread | None = None
        self._ended = threading.Event()

    def add(self, name: str, quantity: int = 1, **labels: str) -> None:
        """Count; nothing when nothing is sent anyway."""
        if not sentry_sdk.get_client().is_active():
            return
        if _is_kept():
            keep(name, labels, quantity)
        series: Series = (name, tuple(sorted(labels.items())))
        with self._lock:
            if series not in self._sums and len(self._sums) >= MAX_SERIES:
                series = (name, tuple((label, "other") for label in sorted(labels)))
            if not self._sums:
                self._journal = self._new_journal()
            self._sums[series] += quantity
            if self._journal is not None:
                self._journal.write(series, quantity)
            if self._sender is None:
                self._start()

    def snapshot(self) -> Counter[Series]:
        """What was counted since the last sending."""
        with self._lock:
            return Counter(self._sums)

    def send(self) -> None:
        """Hand the sums to the SDK, with those of processes that died."""
        # In a context of its own: the request that happens to run here has nothing to do with the sums.
        contextvars.Context().run(self._send)

    def stop(self) -> None:
        """End the thread that sends; what was counted since stays until `send`."""
        self._ended.set()
        with self._lock:
            sender = self._sender
        if sender is not None:
            sender.join()

    def leave(self) -> None:
        """In a forked child: what stands here is the parent's to send."""
        if self._journal is not None:
            self._journal.let_go()

    def _send(self) -> None:
        place = self._place()
        if place is None:
            self._hand_over(self._take()[0])
            return
        with of_the_dead(place) as sums:
            own, journal = self._take()
            self._hand_over(own + sums)
        if journal is not None:
            journal.remove()

    def _take(self) -> tuple[Counter[Series], Journal | None]:
        with self._lock:
            sums, self._sums = self._sums, Counter()
            journal, self._journal = self._journal, None
        return sums, journal

    def _hand_over(self, sums: Counter[Series]) -> None:
        for (name, labels), quantity in sums.items():
            sentry_sdk.metrics.count(name, quantity, attributes=dict(labels))
        # From the SDK's memory into the spool, before the journal goes.
        batcher = sentry_sdk.get_client().metrics_batcher
        if batcher is not None:
            batcher.flush()

    def _place(self) -> Path | None:
        spool = spool_directory()
        return self._directory or (spool.parent / f"{spool.name}-sums" if spool is not None else None)

    def _new_journal(self) -> Journal | None:
        place = self._place()
        if place is None:
            return None
        try:
            return Journal(place)
        except OSError:
            return None  # counted in memory, and lost with a kill

    def _start(self) -> None:
        self._sender = threading.Thread(target=self._send_regularly, name="core-denominators", daemon=True)
        # After the SDK registered its own, hence run before it: what is handed over then is still sent.
        atexit.unregister(_send_the_rest)
        atexit.register(_send_the_rest)
        # The SDK gives a thread the scope of whoever starts it: here, of some visitor's request.
        contextvars.Context().run(self._sender.start)

    def _send_regularly(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                self.send()
            except Exception:
                # A boundary: one sending that fails must not be the last one.
                logger.exception("The sums of this minute were not sent; they wait in the journal.")


_current = Denominators()


def current() -> Denominators:
    """The denominators of this process."""
    return _current


def count_request(path: str, match: Any, status: int) -> None:
    """Count a request that was answered, by route and status; probes and static files are no use of anything."""
    if path.startswith(NEVER_TRACED) or not sentry_sdk.get_client().is_active():
        return
    route = str(match.route) if match is not None else "none"
    _current.add("requests", route=route, status=str(status))
    name = match.view_name if match is not None else None
    for feature in features_of_route(name) if name else ():
        _current.add("feature_uses", feature=feature, outcome=_outcome_of(status))


def count_task(name: str, outcome: str) -> None:
    """Count a task that is over; `outcome` is ok, refused (the user's to mend) or failed."""
    _current.add("tasks", task=name, outcome=outcome)
    for feature in features_of_task(name):
        _current.add("feature_uses", feature=feature, outcome=outcome)


def count_retried(name: str, outcome: str) -> None:
    """Count a task that was tried again and is over: the share of ok ones is what retrying is good for."""
    _current.add("retried_tasks", task=name, outcome=outcome)


def count_event(outcome: str, found: Classification, event: Any, hint: Any) -> None:
    """An observer of events: how many of each category, also of those that were not sent."""
    _current.add("events", category=found.category, outcome=outcome)


def count_failed_login() -> None:
    """Count a log-in that was refused."""
    _current.add("failed_logins")


@lru_cache(maxsize=1024)
def features_of_route(name: str) -> tuple[str, ...]:
    """The features of strategy.toml that the URL named `name` belongs to."""
    return tuple(feature for feature, routes, _ in _features() if _is_listed(name, routes))


@lru_cache(maxsize=1024)
def features_of_task(name: str) -> tuple[str, ...]:
    """The features of strategy.toml that the task named `name` belongs to."""
    return tuple(feature for feature, _, tasks in _features() if _is_listed(name, tasks))


def watch_tasks() -> None:
    """Connect to Celery's signals: what the child ends, and what only the worker's parent learns of."""
    from billiard.exceptions import TimeLimitExceeded, WorkerLostError
    from celery.exceptions import Reject
    from celery.signals import task_failure, task_postrun, worker_process_shutdown

    outcomes = {"SUCCESS": "ok", "IGNORED": "ok", "FAILURE": "failed"}
    lost: OrderedDict[str, None] = OrderedDict()

    def over(sender: Any = None, state: str | None = None, retval: Any = None, **_: Any) -> None:
        outcome = outcomes.get(state or "")
        if outcome == "failed" and isinstance(retval, sender.throws):
            outcome = "refused"
        if outcome is not None:
            count_task(sender.name, outcome)
            if sender.request.retries:
                count_retried(sender.name, outcome)

    def failed(sender: Any = None, task_id: str = "", exception: Any = None, **_: Any) -> None:
        # A hard time limit comes here twice; what the child ended itself was counted there.
        if isinstance(exception, (TimeLimitExceeded, WorkerLostError, Reject)) and task_id not in lost:
            lost[task_id] = None
            if len(lost) > _KEEP_LOST:
                lost.popitem(last=False)
            count_task(sender.name, "failed")

    def ending(**_: Any) -> None:
        # A pool's child leaves without atexit.
        _current.send()

    task_postrun.connect(over, weak=False, dispatch_uid="core.denominators")
    task_failure.connect(failed, weak=False, dispatch_uid="core.denominators")
    worker_process_shutdown.connect(ending, weak=False, dispatch_uid="core.denominators")


def _is_kept() -> bool:
    setup = current_setup()
    return setup is not None and bool(setup.environment.metrics_token)


def _features() -> Iterable[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    setup = current_setup()
    known = setup.strategy.features.values() if setup is not None and setup.strategy is not None else ()
    return [(feature.name, feature.routes, feature.tasks) for feature in known]


def _is_listed(name: str, listed: tuple[str, ...]) -> bool:
    return any(name == entry or (entry.endswith("*") and name.startswith(entry[:-1])) for entry in listed)


def _outcome_of(status: int) -> str:
    return "failed" if status >= _SERVER_ERROR else "refused" if status >= _CLIENT_ERROR else "ok"


def _begin_again() -> None:
    # A child must not send its parent's sums, nor wait for a lock that the parent held.
    global _current
    _current.leave()
    _current = Denominators()


def _send_the_rest() -> None:
    _current.send()


os.register_at_fork(after_in_child=_begin_again)

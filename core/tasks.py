"""SentryTask: the base of all tasks. One failure is one event, told with the task's tags; a retry is none.

Make it the default with `Celery("name", task_cls="core.tasks:SentryTask")`, or name it: `@shared_task(base=SentryTask)`.
Nothing is captured here: the SDK's Celery integration reports what leaves the task, once. This class decides what leaves.
"""

from __future__ import annotations

import inspect
import pickle
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import celery
from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import shared_task
from celery.exceptions import Ignore, InvalidTaskError, Reject, TaskPredicate
from celery.signals import beat_embedded_init, beat_init, before_task_publish
from django.conf import settings
from django.core.cache import cache

from core.errors import ApplicationError
from core.request_facts import current_request_id
from core.sentry import counters, scrub
from core.sentry.check_ins import (
    Monitor,
    Outcome,
    close_beat_check_in,
    leave_out_of_beat_monitoring,
    mend_beat_monitoring,
)
from core.sentry.classify import classify
from core.sentry.same_failure import settling
from core.sentry.task_scope import TaskFacts, bind_task, describe_task

if TYPE_CHECKING:
    _Task = celery.Task[Any, Any]
else:
    _Task = celery.Task

_FAILED_BEFORE = "failed_before"
_REQUEST_ID = "request_id"
_KEEP_FAILURES = 5


class _ExpectedMeta(type):
    def __instancecheck__(cls, exc: object) -> bool:
        return isinstance(exc, ApplicationError) and classify(exc).expected


class ExpectedError(Exception, metaclass=_ExpectedMeta):
    """For `throws`: any of our own errors that is the user's to mend, whatever its class. Never raised."""


class PortableTaskError(Exception):
    """Stands for an exception that cannot be pickled: what leaves a task has to cross to the worker's parent."""


class SentryTask(_Task):
    """Options beside Celery's own, as attributes or in the decorator:

    `idempotent=True`: may be run again; the message is acknowledged late and goes back when the worker is lost.
    `max_retries`, `retry_base_s`, `retry_cap_s`: exponential back-off with full jitter, for errors that the strategy
    calls retryable. Work that is retried by other means (a lease and a reaper) sets `max_retries=0`.
    `monitor=Monitor(...)`: checks in with the host's cron monitoring.
    """

    abstract = True
    Request = "core.task_requests:SentryRequest"

    idempotent: ClassVar[bool] = False
    monitor: ClassVar[Monitor | None] = None
    max_retries = 5
    retry_base_s: ClassVar[float] = 2.0
    retry_cap_s: ClassVar[float] = 300.0

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.throws = tuple(dict.fromkeys((*(cls.__dict__.get("throws") or ()), ExpectedError)))
        if cls.idempotent:
            cls.acks_late = cls.__dict__.get("acks_late", True)
            cls.reject_on_worker_lost = cls.__dict__.get("reject_on_worker_lost", True)

    def describe(self, **context: Any) -> None:
        """Say what this run works on (datasource_id=…, stage=…): it stands in each event from here on."""
        describe_task(**context)

    def start_strategy(self, app: Any, consumer: Any, **kwargs: Any) -> Any:
        """Celery's, but what is no task is discarded: it would end the worker, come back, and end the next one."""
        handle = super().start_strategy(app, consumer, **kwargs)

        def handle_readable(message: Any, *rest: Any, **more: Any) -> Any:
            if not message.body or not isinstance(message.payload, (list, dict)):
                raise InvalidTaskError("The body holds no arguments.")
            return handle(message, *rest, **more)

        return handle_readable

    # The life of one attempt.

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        request_id = str(self._header(_REQUEST_ID) or "")
        current_request_id.set(request_id or None)
        bind_task(
            TaskFacts(
                name=self.name,
                task_id=task_id,
                retries=self.request.retries or 0,
                queue=str((self.request.delivery_info or {}).get("routing_key") or ""),
                request_id=request_id,
                arguments=self._named_arguments(args, kwargs),
                failed_before=self._header(_FAILED_BEFORE) or (),
            )
        )
        vars(self.request)["began_at"] = time.monotonic()
        if self.monitor is not None and not self.request.retries:
            self.monitor.begin(task_id)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        # Task.__call__ would put a request of its own in front of the real one.
        try:
            with settling():
                return self.run(*args, **kwargs)
        except TaskPredicate as steering:
            self._close_after(steering)
            raise
        except Exception as exc:
            # The boundary of every task: what is raised from here is what the SDK reports.
            self._retry_if_worth_it(exc)
            raise _portable(exc)  # noqa: B904 (it is `exc` itself, or brings it as its cause)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        if self.request.retries:
            counters.count("recovered", reason=self.name, category="task")
        self.close_check_in("ok")

    def on_failure(self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        if isinstance(exc, (TimeLimitExceeded, WorkerLostError)):
            return  # in the worker's parent: core.task_requests tells of it
        if self.request.retries:
            counters.count("exhausted", reason=self.name, category="task")
        self.close_check_in("error")

    def close_check_in(self, outcome: Outcome, *, run_id: str | None = None) -> None:
        """End the run's check-in, if the task has a monitor."""
        if self.monitor is None:
            return
        began_at = vars(self.request).get("began_at")
        duration_s = time.monotonic() - began_at if began_at is not None else None
        self.monitor.end(run_id or str(self.request.id), outcome, duration_s)

    @contextmanager
    def once(self, key: str, *, ttl_s: int = 86_400) -> Iterator[bool]:
        """Whether this work is to be done: True for the first task that asks, False when another has it or had it.

        A task that died in the middle is let in again when its message comes back; one that failed, at its next try.
        While the cache is away everybody is let in: done twice is better than not at all.
        """
        slot, mine = f"once:{self.name}:{key}", f"running:{self.request.id}"
        try:
            is_first = bool(cache.add(slot, mine, ttl_s)) or cache.get(slot) == mine
        except Exception:
            # A boundary: each cache backend has its own errors.
            counters.count("degraded", reason="once_open", category="task")
            yield True
            return
        try:
            yield is_first
        except BaseException:
            if is_first:
                _in_cache(lambda: cache.delete(slot))
            raise
        if is_first:
            _in_cache(lambda: cache.set(slot, f"done:{self.request.id}", ttl_s))

    # Retrying.

    def backoff_s(self, retries: int) -> float:
        """Seconds until the next attempt: exponential with full jitter, so that a thousand do not come back at once.

        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        return random.uniform(0.0, min(self.retry_cap_s, self.retry_base_s * 2.0**retries))  # noqa: S311

    def is_worth_retrying(self, exc: Exception) -> bool:
        """Whether the strategy calls it transient. An expected error, or one named in `throws`, never is."""
        return not isinstance(exc, self.throws) and classify(exc).retryable

    def _retry_if_worth_it(self, exc: Exception) -> None:
        """Raise Retry, or return when this was the last attempt."""
        retries = self.request.retries or 0
        if self.max_retries is not None and retries >= self.max_retries:
            return
        if not self.is_worth_retrying(exc):
            return
        wait_s = self.backoff_s(retries)
        failure = {
            "attempt": retries + 1,
            "error": f"{type(exc).__module__}.{type(exc).__qualname__}",
            "message": str(scrub(str(exc)))[:300],
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "waited_s": round(wait_s, 1),
        }
        before = [*(self._header(_FAILED_BEFORE) or ()), failure][-_KEEP_FAILURES:]
        headers = {**(self.request.headers or {}), _FAILED_BEFORE: before}
        try:
            self.retry(exc=exc, countdown=wait_s, headers=headers)
        except Reject:
            # The broker did not take the next attempt: this was the last one, and what failed is to be told.
            return
        except TaskPredicate:
            counters.count("retried", reason=self.name, category="task")
            raise

    def _close_after(self, steering: TaskPredicate) -> None:
        """Ignore and Reject end a task without any callback: its check-in would stay open."""
        outcome: Outcome
        if isinstance(steering, Ignore):
            outcome = "ok"
        elif isinstance(steering, Reject) and not vars(steering).get("requeue"):
            outcome = "error"
        else:
            return
        self.close_check_in(outcome)
        if self.monitor is None:
            close_beat_check_in(dict(self.request.headers or {}), outcome)

    # Reading the request.

    def _header(self, name: str) -> Any:
        # Celery has custom headers as attributes of the request, the SDK moves them into `headers`.
        return (self.request.headers or {}).get(name) or self.request.get(name)

    def _named_arguments(self, args: Any, kwargs: Any) -> dict[str, Any]:
        """By name, because what is called `token` is scrubbed and what is third in a list is not."""
        try:
            return dict(inspect.signature(self.run).bind_partial(*args, **kwargs).arguments)
        except (TypeError, ValueError):
            return {**{f"argument {index}": value for index, value in enumerate(args)}, **kwargs}


@shared_task(name="core.tasks.deliver_feedback", base=SentryTask, ignore_result=True, max_retries=0)
def deliver_feedback() -> dict[str, int]:
    """Tell support of feedback that waits on disk. Run by beat each minute; the next run is the retry."""
    from core import error_feedback

    return error_feedback.deliver_feedback()


def _portable(exc: Exception) -> Exception:
    """`exc`, or what stands for it when it cannot cross to the worker's parent."""
    if _can_cross(exc):
        return exc
    portable = PortableTaskError(f"{type(exc).__module__}.{type(exc).__qualname__}: {exc}")
    portable.__cause__ = exc
    return portable.with_traceback(exc.__traceback__)


def _can_cross(exc: Exception) -> bool:
    if isinstance(exc, MemoryError):
        return False  # Celery's parent takes it for its own, and stops the whole worker
    try:
        pickle.loads(pickle.dumps(exc))  # noqa: S301 (what we have just written)
    except Exception:
        # A boundary: __reduce__ of a foreign exception may raise anything.
        return False
    return True


def _in_cache(act: Any) -> None:
    try:
        act()
    except Exception:
        # A boundary, as in `once`.
        counters.count("degraded", reason="once_open", category="task")


@before_task_publish.connect
def _carry_request_id(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """However a task is sent (send_task included), it carries the id of the request that sent it."""
    request_id = current_request_id.get()
    if headers is not None and request_id:
        headers.setdefault(_REQUEST_ID, request_id)


@beat_init.connect
@beat_embedded_init.connect
def _leave_out_monitored(sender: Any = None, **_: Any) -> None:
    app = sender.app
    own = [
        name
        for name, entry in app.conf.beat_schedule.items()
        if getattr(app.tasks.get(entry["task"]), "monitor", None) is not None
    ]
    leave_out_of_beat_monitoring(own)


mend_beat_monitoring()

if settings.DEBUG:
    from core.lab import tasks as _lab_tasks  # noqa: F401 (registers them)

"""Tasks that fail in their own code: raised, retried, expected, logged, wrapped, scheduled."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from celery import chord
from celery.app.backends import by_url
from celery.exceptions import Ignore, Reject

from core.errors import ExternalServiceError, PipelineError, UserInputError
from core.sentry import capture_exception
from core.sentry.check_ins import Monitor
from core.tasks import SentryTask
from tests.exactly_one.site.queue_app import app

logger = logging.getLogger("failing.site")


class UnpicklableError(PipelineError):
    """Holds what cannot be pickled."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.callback = lambda: None


class ReportError(PipelineError):
    """What the caller of `add_up` says of its failure."""


def add_up() -> float:
    raise PipelineError("The sums do not add up.")


def ask_weather(task: SentryTask, *, until: int) -> None:
    if (task.request.retries or 0) < until:
        raise ExternalServiceError("The weather service did not answer.")


@app.task(name="counts_one")
def counts_one(*numbers: object) -> int:
    return 1


@app.task(name="starts_chord")
def starts_chord(parts: list[tuple[str, str]]) -> None:
    """`parts` are names with ids; the last is the body."""
    *header, body = (app.signature(name, task_id=task_id) for name, task_id in parts)
    chord(header, app=app)(body)


@app.task(name="raises")
def raises(*numbers: object) -> None:
    add_up()


@app.task(name="fails_to_mourn")
def fails_to_mourn(request: object, exc: object, traceback: object) -> None:
    """For `link_error`."""
    raise ReportError("Nobody could be told.")


@app.task(name="takes_one")
def takes_one(number: int) -> None:
    """Sent with three arguments."""


@app.task(name="raises_unpicklable")
def raises_unpicklable() -> None:
    raise UnpicklableError("The sums do not add up.")


@app.task(name="raises_group")
def raises_group() -> None:
    raise ExceptionGroup("two of three gauges failed", [PipelineError("G1"), ValueError("G2")])


@app.task(name="runs_out_of_memory")
def runs_out_of_memory() -> None:
    raise MemoryError


@app.task(name="fails_in_a_thread")
def fails_in_a_thread() -> None:
    thread = threading.Thread(target=add_up)
    thread.start()
    thread.join()


# Expected.


@app.task(name="throws", throws=(KeyError,))
def throws() -> None:
    raise KeyError("level")


@app.task(name="logs_and_throws", throws=(KeyError,))
def logs_and_throws() -> None:
    try:
        throws.run()
    except KeyError:
        logger.exception("No level.")
        raise


@app.task(name="users_mistake")
def users_mistake() -> None:
    raise UserInputError("Row 3 has no date. Give it one.")


@app.task(name="ignores")
def ignores() -> None:
    raise Ignore


@app.task(name="rejects", acks_late=True)
def rejects() -> None:
    raise Reject("not for us", requeue=False)


# Retried.


@app.task(name="exhausts", bind=True, max_retries=2, retry_base_s=0.02)
def exhausts(self: SentryTask) -> None:
    ask_weather(self, until=9)


@app.task(
    name="exhausts_autoretry", autoretry_for=(LookupError,), retry_kwargs={"max_retries": 2, "countdown": 0}
)
def exhausts_autoretry() -> None:
    raise LookupError("no such gauge")


@app.task(name="exhausts_self_retry", bind=True, max_retries=2)
def exhausts_self_retry(self: SentryTask) -> None:
    try:
        add_up()
    except PipelineError as error:
        raise self.retry(exc=error, countdown=0) from error


@app.task(name="exhausts_bare_retry", bind=True, max_retries=1)
def exhausts_bare_retry(self: SentryTask) -> None:
    raise self.retry(countdown=0)


@app.task(name="recovers", bind=True, retry_base_s=0.02)
def recovers(self: SentryTask) -> None:
    ask_weather(self, until=2)


@app.task(name="logs_and_recovers", bind=True, retry_base_s=0.02)
def logs_and_recovers(self: SentryTask) -> None:
    try:
        ask_weather(self, until=1)
    except ExternalServiceError:
        logger.exception("No weather.")
        raise


@app.task(name="recovers_by_self_retry", bind=True, max_retries=2)
def recovers_by_self_retry(self: SentryTask) -> None:
    try:
        ask_weather(self, until=1)
    except ExternalServiceError as error:
        logger.exception("No weather.")
        raise self.retry(exc=error, countdown=0) from error


# Logged, captured, wrapped.


@app.task(name="logs_and_raises")
def logs_and_raises() -> None:
    try:
        add_up()
    except PipelineError:
        logger.exception("Adding up failed.")
        raise


@app.task(name="logs_and_goes_on")
def logs_and_goes_on() -> None:
    try:
        add_up()
    except PipelineError:
        logger.exception("Adding up failed.")


@app.task(name="captures_and_wraps")
def captures_and_wraps() -> None:
    try:
        add_up()
    except PipelineError as error:
        capture_exception(error)
        raise ReportError("No report.") from error


@app.task(name="logs_and_raises_unpicklable")
def logs_and_raises_unpicklable() -> None:
    try:
        raises_unpicklable.run()
    except UnpicklableError:
        logger.exception("Adding up failed.")
        raise


# What the task needs is away.


@app.task(name="sends_to_nobody", max_retries=0)
def sends_to_nobody() -> None:
    with app.connection("redis://127.0.0.1:9/0", connect_timeout=1) as connection:
        raises.apply_async(connection=connection, retry=False)


@app.task(name="has_nowhere_to_put_its_result")
def has_nowhere_to_put_its_result() -> int:
    return 3


_backend, _url = by_url("redis://127.0.0.1:9/0", app.loader)
has_nowhere_to_put_its_result.backend = _backend(app=app, url=_url)


# Scheduled by beat; those that are `watched` check in with a monitor of their own.


@app.task(name="scheduled_fails")
def scheduled_fails() -> None:
    add_up()


@app.task(name="scheduled_recovers", bind=True, retry_base_s=0.02)
def scheduled_recovers(self: SentryTask) -> None:
    ask_weather(self, until=2)


@app.task(name="watched_fails", monitor=Monitor("watched_fails", timedelta(hours=1)))
def watched_fails() -> None:
    add_up()


@app.task(
    name="watched_recovers",
    bind=True,
    retry_base_s=0.02,
    monitor=Monitor("watched_recovers", timedelta(hours=1)),
)
def watched_recovers(self: SentryTask) -> None:
    ask_weather(self, until=2)

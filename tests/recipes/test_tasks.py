"""Task bases and handlers of the recipes, run by Celery's own tracer as in a worker's process."""

from __future__ import annotations

import logging
from typing import Any

import celery.app.trace
import sentry_sdk
from billiard.exceptions import WorkerLostError
from celery import Celery, Task
from celery.exceptions import Ignore
from celery.result import AsyncResult
from sentry_sdk.integrations.logging import LoggingIntegration

from core.errors import UserInputError
from tests.recipes.process import in_a_process
from tests.recipes.stage import MemoryTransport, our_site, ours, plain, recipe_site

TASK_ID = "2f0d5a1e-0000-4000-8000-000000000001"
REFUSED = ConnectionRefusedError("the service is away")


class RecipeTask(Task):  # type: ignore[type-arg]
    """The published base: captures in on_failure, tells of each retry."""

    abstract = True

    def on_failure(self, exc: Any, task_id: Any, args: Any, kwargs: Any, einfo: Any) -> None:
        sentry_sdk.set_tag("task_name", self.name)
        sentry_sdk.capture_exception(exc)

    def on_retry(self, exc: Any, task_id: Any, args: Any, kwargs: Any, einfo: Any) -> None:
        sentry_sdk.capture_message(f"{self.name} is tried again: {exc}", level="warning")


def _app(is_ours: bool) -> tuple[Celery, MemoryTransport]:
    (our_site if is_ours else recipe_site)()
    transport = ours() if is_ours else plain()
    app = Celery("stage", broker="memory://", backend="cache+memory://", set_as_current=True)
    app.conf.update(worker_hijack_root_logger=False, task_track_started=True)
    return app, transport


def _base(is_ours: bool) -> Any:
    if not is_ours:
        return RecipeTask
    # Only now: it reads settings, which the stage has just made.
    from core.tasks import SentryTask

    return SentryTask


def _run(app: Celery, task: Any) -> list[str]:
    """What a worker's process does with a message, and with each that follows from it: the states, in order."""
    states: list[str] = []
    for retries in range(10):
        # The SDK has patched it, as it has in a worker.
        tracer = celery.app.trace.build_tracer(task.name, task, app=app)
        request = {"id": TASK_ID, "task": task.name, "retries": retries, "delivery_info": {}, "headers": {}}
        tracer(TASK_ID, [], {}, request)
        states.append(AsyncResult(TASK_ID, app=app).state)
        if states[-1] != "RETRY":
            break
    return states


def _tags_of_a_failed_task(is_ours: bool) -> list[dict[str, str]]:
    app, transport = _app(is_ours)

    @app.task(base=_base(is_ours), name="orders.pay")
    def pay() -> None:
        raise LookupError("no such order")

    _run(app, pay)
    return [event.get("tags", {}) for event in transport.errors]


def test_what_on_failure_captures_has_been_sent_already() -> None:
    [recipe_tags] = in_a_process(_tags_of_a_failed_task, False)
    assert "task_name" not in recipe_tags
    [our_tags] = in_a_process(_tags_of_a_failed_task, True)
    assert "orders.pay" in our_tags.values()


def _events_of_retries(is_ours: bool) -> list[str]:
    app, transport = _app(is_ours)
    if is_ours:

        @app.task(base=_base(is_ours), name="orders.pay", max_retries=2, retry_base_s=0.01)
        def pay() -> None:
            raise REFUSED
    else:

        @app.task(bind=True, base=RecipeTask, name="orders.pay", max_retries=2)
        def pay(self: Any) -> None:
            raise self.retry(exc=REFUSED, countdown=0.01)

    assert _run(app, pay) == ["RETRY", "RETRY", "FAILURE"]
    return [event["level"] for event in transport.errors]


def test_a_message_for_each_retry_makes_events_of_what_mends_itself() -> None:
    assert in_a_process(_events_of_retries, False) == ["warning", "warning", "error"]
    assert in_a_process(_events_of_retries, True) == ["error"]


def _refused_input(is_ours: bool) -> tuple[str, int]:
    app, transport = _app(is_ours)

    @app.task(base=_base(is_ours), name="orders.read")
    def read() -> None:
        if is_ours:
            raise UserInputError("The file has no column named date. Add one.")
        raise Ignore

    return _run(app, read)[-1], len(transport.errors)


def test_raising_ignore_after_bad_input_leaves_the_task_started_for_ever() -> None:
    assert in_a_process(_refused_input, False) == ("STARTED", 0)
    assert in_a_process(_refused_input, True) == ("FAILURE", 0)


def _lost_worker(is_ours: bool) -> int:
    transport = ours() if is_ours else plain(integrations=[LoggingIntegration(event_level=None)])
    # What a worker's parent says of a child that was killed; nobody else can say anything.
    logging.getLogger("celery.worker.request").error(
        "Task handler raised error: %r",
        WorkerLostError("Worker exited prematurely: signal 9 (SIGKILL) Job: 0."),
        exc_info=(
            WorkerLostError,
            WorkerLostError("Worker exited prematurely: signal 9 (SIGKILL) Job: 0."),
            None,
        ),
    )
    return len(transport.errors)


def test_switching_log_events_off_silences_killed_workers() -> None:
    """`event_level=None`, the usual cure for duplicates; time limits and lost workers are told by log records alone."""
    assert in_a_process(_lost_worker, False) == 0
    assert in_a_process(_lost_worker, True) == 1

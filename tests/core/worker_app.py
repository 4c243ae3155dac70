"""A Celery application whose tasks fail in every way, run by a real prefork worker; its envelopes are kept in files.

Started as `celery -A tests.core.worker_app worker`, with EVENTS_DIRECTORY and WORKER_QUEUE in the environment.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hydroml.settings")

import django
from celery import Celery, chain, chord, group, shared_task
from celery.exceptions import Ignore, Reject
from django.core.cache import cache
from django.db import OperationalError
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from core.errors import ExternalServiceError, PipelineError, UserInputError
from core.sentry import add_breadcrumb
from core.sentry.check_ins import Monitor
from core.sentry.setup import setup_sentry
from core.tasks import SentryTask
from tests.core.wire import DSN

EVENTS = Path(os.environ.get("EVENTS_DIRECTORY", "."))
QUEUE = os.environ.get("WORKER_QUEUE", "test_core")


class FileTransport(Transport):
    """One file for each envelope, whole when it has its name; from whichever process."""

    def capture_envelope(self, envelope: Envelope) -> None:
        draft = EVENTS / f".{uuid4().hex}"
        draft.write_bytes(envelope.serialize())
        draft.rename(EVENTS / f"{time.time_ns()}-{os.getpid()}-{uuid4().hex[:8]}.envelope")


django.setup()
if "EVENTS_DIRECTORY" in os.environ:
    setup_sentry(
        variables={"SENTRY_DSN": DSN, "SENTRY_ENVIRONMENT": "test", "SENTRY_RELEASE": "hydroml@1.0.0"},
        transport=FileTransport,
    )

app = Celery("test_core", task_cls="core.tasks:SentryTask", set_as_current=False)
app.conf.update(
    broker_url=os.environ.get("REDIS_URL", ""),
    result_backend=os.environ.get("REDIS_URL", ""),
    task_default_queue=QUEUE,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    result_expires=600,
    beat_schedule={
        "tick by monitor": {"task": "monitored", "schedule": timedelta(minutes=5), "args": ["tick"]},
        "tick by beat": {"task": "plain_tick", "schedule": timedelta(minutes=5)},
    },
)


class UnpicklableError(PipelineError):
    """Cannot be pickled: it holds a lock."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.callback = lambda: None


@app.task(name="fails", bind=True)
def fails(self: SentryTask, marker: str, password: str = "") -> None:
    self.describe(datasource_id=marker, stage="reading")
    raise PipelineError(f"The sums do not add up: {marker}")


@app.task(name="expected")
def expected(marker: str) -> None:
    raise UserInputError(f"Row 3 of {marker} has no date.")


@app.task(name="thrown", throws=(KeyError,))
def thrown(marker: str) -> None:
    raise KeyError(marker)


@app.task(name="recovers", bind=True, retry_base_s=0.02)
def recovers(self: SentryTask, marker: str) -> str:
    if self.request.retries < 2:
        raise ExternalServiceError(f"The weather service did not answer {marker}.")
    return "recovered"


@app.task(name="exhausts", max_retries=2, retry_base_s=0.02)
def exhausts(marker: str) -> None:
    add_breadcrumb(f"asking for {marker}")
    raise OperationalError(f"connection refused {marker}")


@app.task(name="unpicklable")
def unpicklable(marker: str) -> None:
    raise UnpicklableError(marker)


@app.task(name="ignores")
def ignores(marker: str) -> None:
    raise Ignore


@app.task(name="too_long", time_limit=1, monitor=Monitor("too-long", timedelta(minutes=5)))
def too_long(marker: str) -> None:
    time.sleep(30)


@app.task(name="too_long_softly", soft_time_limit=1)
def too_long_softly(marker: str) -> None:
    time.sleep(30)


@app.task(name="killed", monitor=Monitor("killed", timedelta(minutes=5)))
def killed(marker: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="dies_once", idempotent=True, bind=True)
def dies_once(self: SentryTask, marker: str) -> str:
    with self.once(marker, ttl_s=60) as is_first:
        if not is_first:
            return "another had it"
        if cache.add(f"died:{marker}", 1, 60):
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"


@app.task(name="out_of_memory")
def out_of_memory(marker: str) -> None:
    raise MemoryError(marker)


@app.task(name="monitored", bind=True, retry_base_s=0.02, monitor=Monitor("nightly", "0 3 * * *"))
def monitored(self: SentryTask, how: str) -> None:
    if how == "retries" and self.request.retries < 2:
        raise ExternalServiceError("The weather service did not answer.")
    if how == "fails":
        raise PipelineError("The nightly sums do not add up.")
    if how == "ignores":
        raise Ignore
    if how == "rejects":
        raise Reject("no", requeue=False)


@app.task(name="plain_tick")
def plain_tick() -> None:
    """Without a monitor of its own."""


@app.task(name="adds")
def adds(numbers: list[int]) -> int:
    return sum(numbers)


@app.task(name="gives")
def gives(number: int) -> int:
    return number


@shared_task(name="not_ours_by_name")
def shared(marker: str) -> None:
    raise PipelineError(f"shared {marker}")


def canvases(marker: str) -> dict[str, Any]:
    """Signatures in which one task fails."""
    return {
        "group": group(gives.s(1), fails.s(marker)),
        "chain": chain(fails.s(marker), adds.si([1])),
        "chord": chord([gives.s(1), fails.s(marker)], adds.s()),
    }

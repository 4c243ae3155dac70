"""Tasks that take their process along, or are stopped from outside."""

from __future__ import annotations

import os
import signal
import sys
import time

from core.errors import PipelineError
from core.tasks import SentryTask
from tests.exactly_one.site.queue_app import app

PATIENCE_S = 30


@app.task(name="takes_too_long_softly", soft_time_limit=1)
def takes_too_long_softly() -> None:
    time.sleep(PATIENCE_S)


@app.task(name="takes_too_long", time_limit=1)
def takes_too_long() -> None:
    time.sleep(PATIENCE_S)


@app.task(name="is_killed")
def is_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="exits_at_once")
def exits_at_once() -> None:
    os._exit(3)


@app.task(name="calls_exit")
def calls_exit() -> None:
    sys.exit(3)


@app.task(name="dies_once", bind=True, idempotent=True)
def dies_once(self: SentryTask) -> None:
    if not self.request.delivery_info.get("redelivered"):
        os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="is_at_work", bind=True)
def is_at_work(self: SentryTask, prefix: str) -> None:
    """Says that it has begun, works for a second, and fails: its worker is told to stop meanwhile."""
    app.backend.client.set(f"{prefix}at-work:{self.request.id}", 1, ex=60)
    time.sleep(1)
    raise PipelineError("The sums do not add up.")


@app.task(name="is_at_work_for_long", bind=True)
def is_at_work_for_long(self: SentryTask, prefix: str) -> None:
    app.backend.client.set(f"{prefix}at-work:{self.request.id}", 1, ex=60)
    time.sleep(PATIENCE_S)

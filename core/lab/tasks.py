"""What the lab has the worker do. Registered under DEBUG only."""

from __future__ import annotations

import os
import signal
import time

from celery import shared_task

from core.errors import ExternalServiceError, PipelineError
from core.lab.arrivals import note
from core.request_facts import current_request_id
from core.tasks import SentryTask


@shared_task(name="core.lab.fail", base=SentryTask, bind=True, ignore_result=True)
def fail(self: SentryTask) -> None:
    """Fails for good."""
    self.describe(stage="lab")
    raise PipelineError("The lab's sums do not add up, on purpose.")


@shared_task(name="core.lab.fail_twice", base=SentryTask, bind=True, ignore_result=True, retry_base_s=0.5)
def fail_twice(self: SentryTask) -> None:
    """Fails twice for a passing reason, then succeeds."""
    attempt = (self.request.retries or 0) + 1
    note(current_request_id.get() or "", f"attempt {attempt} {'fails' if attempt < 3 else 'succeeds'}")
    if attempt < 3:
        raise ExternalServiceError("The lab's weather service does not answer, on purpose.")


@shared_task(
    name="core.lab.give_up", base=SentryTask, bind=True, ignore_result=True, max_retries=2, retry_base_s=0.3
)
def give_up(self: SentryTask) -> None:
    """Fails for a passing reason that does not pass."""
    attempt = (self.request.retries or 0) + 1
    note(current_request_id.get() or "", f"attempt {attempt} fails")
    raise ExternalServiceError("The lab's weather service does not answer at all, on purpose.")


@shared_task(name="core.lab.take_too_long", base=SentryTask, ignore_result=True, soft_time_limit=1)
def take_too_long() -> None:
    """Is stopped by its time limit."""
    time.sleep(60)


@shared_task(name="core.lab.die", base=SentryTask, ignore_result=True, acks_late=False)
def die() -> None:
    """Ends its own process as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)

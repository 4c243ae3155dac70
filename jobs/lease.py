"""The lease: one worker holds a job for a few seconds at a time and renews it while it lives.

A worker that dies, however it dies, stops renewing; `jobs.services.reap_jobs` then puts the job back.
Results are written in one transaction with `Lease.succeed`, which fails when the lease has gone to another worker,
so that work done twice is kept once. All times are the database's, so that clocks need not agree.
"""

import threading
import time
import uuid
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_noop

from core.errors import ApplicationError
from jobs.errors import JobCancelledError, JobUnfinishedError, LeaseLostError
from jobs.models import Job

log = structlog.get_logger(__name__)

REPORT_EVERY_S = 0.4


def claim(job_id: str | uuid.UUID) -> "Lease | None":
    """Take the job if it is waiting, or if its holder's lease has run out; None when it is not to be had."""
    token = uuid.uuid4()
    claimed = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING,
        lease_token=token,
        lease_expires_at=Now() + timedelta(seconds=settings.JOB_LEASE_S),
        attempt=F("attempt") + 1,
        started_at=Coalesce("started_at", Now()),
    )
    if not claimed:
        return None
    return Lease(Job.objects.get(pk=job_id), token)


class Lease:
    """Held with `with`; renews itself from a thread until the block ends.

    The block must end with `succeed()` or `wait()`, or raise. An expected error of the user's input fails the job
    with its own words and ends there; any other error fails the job and goes on to whoever reports errors. A lost
    database connection or a stopping worker gives the job back instead.
    """

    def __init__(self, job: Job, token: uuid.UUID) -> None:
        self.job = job
        self._token = token
        self._ended = threading.Event()
        self._lost = False
        self._cancelled = False
        self._reported_at = 0.0
        self._thread = threading.Thread(target=self._renew_until_ended, name=f"lease-{job.id}", daemon=True)

    @property
    def subject_id(self) -> uuid.UUID:
        return self.job.subject_id

    def should_stop(self) -> bool:
        """Whether the work has become pointless: cancelled by the user, or taken over."""
        return self._lost or self._cancelled

    def check(self) -> None:
        """Raise JobCancelledError or LeaseLostError when the work has become pointless."""
        if self._lost:
            raise LeaseLostError(f"Job {self.job.id} was taken over by another worker.")
        if self._cancelled:
            raise JobCancelledError("Cancelled.")

    def report(self, stage: str, percent: int) -> None:
        """Show progress (0 to 100). Cheap to call often: at most one UPDATE in 0.4 s."""
        now = time.monotonic()
        if now - self._reported_at < REPORT_EVERY_S and percent < 100:
            return
        self._reported_at = now
        self._update(stage=stage[:80], percent=max(0, min(100, percent)))

    def succeed(self) -> None:
        """End the job well. Call it inside the transaction that keeps the result; raises LeaseLostError."""
        done = self._held().update(
            state=Job.State.SUCCEEDED, finished_at=Now(), percent=100, stage="", lease_token=None
        )
        if not done:
            self._lost = True
            raise LeaseLostError(f"Job {self.job.id} was taken over by another worker.")
        self.job.state = Job.State.SUCCEEDED

    def wait(self, stage: str, percent: int) -> None:
        """Give the job back unfinished, to be woken with `jobs.services.wake_job`. Raises LeaseLostError.

        It counts as sent, so that the reaper only wakes it after long silence, and not as an attempt.
        """
        waiting = self._held().update(
            state=Job.State.QUEUED,
            sent_at=Now(),
            stage=stage[:80],
            percent=percent,
            lease_token=None,
            attempt=F("attempt") - 1,
        )
        if not waiting:
            self._lost = True
            raise LeaseLostError(f"Job {self.job.id} was taken over by another worker.")
        self.job.state = Job.State.QUEUED

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self._ended.set()
        self._thread.join(timeout=5)
        if error is None:
            if self.job.state in (Job.State.SUCCEEDED, Job.State.QUEUED):
                return False
            error = JobUnfinishedError(
                f"The task {self.job.task} ended without ending its job {self.job.id}."
            )
            self._fail("internal", INTERNAL_MESSAGE)
            raise error
        return self._end_with(error)

    def _end_with(self, error: BaseException) -> bool:
        """Whether the error ends here."""
        if isinstance(error, LeaseLostError):
            log.warning("the job was taken over", job=str(self.job.id))
            return True
        if self._cancelled and isinstance(error, ApplicationError) and error.expected:
            self._held().update(state=Job.State.CANCELLED, finished_at=Now(), stage="", lease_token=None)
            return True
        if isinstance(error, (OperationalError, InterfaceError)) or not isinstance(error, Exception):
            self._give_back()
            return False
        if isinstance(error, ApplicationError) and error.expected:
            self._fail(getattr(error, "code", "input"), str(error), getattr(error, "details", None))
            return True
        if isinstance(error, ApplicationError):
            self._fail(getattr(error, "code", "internal"), str(error))
        else:
            self._fail("internal", INTERNAL_MESSAGE)
        return False

    def _fail(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        self._held().update(
            state=Job.State.FAILED,
            finished_at=Now(),
            stage="",
            lease_token=None,
            error_code=code,
            error_message=message,
            error_details=details or {},
        )

    def _give_back(self) -> None:
        """Let the lease run out at once. Without a database it runs out by itself."""
        try:
            self._held().update(lease_expires_at=Now())
        except DatabaseError:
            connection.close()

    def _held(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, lease_token=self._token)

    def _update(self, **values: Any) -> None:
        """Write to the held row, renew the lease with it, and learn whether to stop."""
        expires = Now() + timedelta(seconds=settings.JOB_LEASE_S)
        if not self._held().update(lease_expires_at=expires, **values):
            self._lost = True
            return
        self._cancelled = bool(
            Job.objects.filter(pk=self.job.pk).values_list("cancel_requested", flat=True).first()
        )

    def _renew_until_ended(self) -> None:
        try:
            while not self._ended.wait(settings.JOB_LEASE_S / 3):
                try:
                    self._update()
                except DatabaseError:
                    # The next beat tries again on a new connection; if it stays away the lease runs out, as it should.
                    connection.close()
        finally:
            connection.close()


# Kept in English; pages translate it when they show it.
INTERNAL_MESSAGE = gettext_noop(
    "This failed for a reason that is not in your data. It has been recorded. "
    "Try once more; if it fails again, tell support the number of this job."
)

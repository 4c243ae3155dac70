"""Putting work into the queue, cancelling it, and bringing back what a dead worker dropped."""

import uuid
from datetime import timedelta

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError as BrokerError

from core.request_facts import current_request_id
from jobs.models import Job

log = structlog.get_logger(__name__)

RESEND_NEVER_SENT_S = 3
RESEND_UNCLAIMED_S = 300
# Kept in English; pages translate it when they show it.
WORKER_LOST_MESSAGE = gettext_noop(
    "The work was begun as often as is allowed and its worker died each time, most likely for want of memory. "
    "Try a smaller file, or ask support."
)


def queue_job(*, task: str, subject_id: uuid.UUID) -> Job:
    """Make a job and hand it to the broker once the transaction is committed.

    A broker that is away costs nothing but time: the row stays queued and `reap_jobs` sends it later.
    """
    job = Job.objects.create(task=task, subject_id=subject_id, request_id=current_request_id.get() or "")
    transaction.on_commit(lambda: send_job(job.id, task, request_id=job.request_id))
    return job


def send_job(job_id: uuid.UUID, task: str, *, request_id: str) -> bool:
    """Give the job's id to the broker. Says whether the broker took it.

    `request_id` is the one that the job was made under: whoever sends it later does so on that request's behalf.
    """
    headers = {"request_id": request_id} if request_id else {}
    try:
        current_app.send_task(task, args=[str(job_id)], headers=headers, retry=False)
    except (BrokerError, ConnectionError, TimeoutError) as error:
        log.warning(
            "broker is away, the job waits in the database", job=str(job_id), error=type(error).__name__
        )
        return False
    Job.objects.filter(pk=job_id).update(sent_at=Now())
    return True


def wake_job(job: Job) -> None:
    """Send a job that gave itself back with `Lease.wait`. When the broker is away, the reaper sends it."""
    if not send_job(job.id, job.task, request_id=job.request_id):
        Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(sent_at=None)


def cancel_job(job: Job) -> None:
    """Stop the job: at once when nobody has begun it, at the next look of its worker otherwise."""
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
    if not waiting.update(state=Job.State.CANCELLED, finished_at=Now()):
        Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_requested=True)


def reap_jobs() -> int:
    """Put back every running job whose lease has run out and send every queued one that the broker does not have.

    Returns how many were sent. A job that has cost `JOB_MAX_ATTEMPTS` workers their life is failed for good.
    """
    lapsed = Job.objects.filter(state=Job.State.RUNNING, lease_expires_at__lt=Now())
    lapsed.filter(attempt__gte=settings.JOB_MAX_ATTEMPTS).update(
        state=Job.State.FAILED,
        finished_at=Now(),
        lease_token=None,
        error_code="worker_lost",
        error_message=WORKER_LOST_MESSAGE,
    )
    lapsed.filter(cancel_requested=True).update(
        state=Job.State.CANCELLED, finished_at=Now(), lease_token=None
    )
    lost = lapsed.update(state=Job.State.QUEUED, lease_token=None, sent_at=None, stage="waiting for a worker")
    if lost:
        log.warning("work came back from a lost worker", jobs=lost)
    now = timezone.now()
    unsent = Job.objects.filter(state=Job.State.QUEUED).filter(
        Q(sent_at=None, created_at__lt=now - timedelta(seconds=RESEND_NEVER_SENT_S))
        | Q(sent_at=None, attempt__gt=0)
        | Q(sent_at__lt=now - timedelta(seconds=RESEND_UNCLAIMED_S))
    )
    sent = 0
    waiting = unsent.order_by(F("created_at")).values_list("id", "task", "request_id")
    for job_id, task, request_id in waiting[:1000]:
        if not send_job(job_id, task, request_id=request_id):
            break
        sent += 1
    return sent

"""The tasks that beat runs for all jobs."""

from datetime import timedelta

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from core.sentry.check_ins import Monitor
from core.tasks import SentryTask
from jobs import measuring, services
from jobs.models import Job

KEEP_DAYS = 30


# The next run, five seconds on, is the retry.
@shared_task(name="jobs.tasks.reap_jobs", base=SentryTask, ignore_result=True, max_retries=0)
def reap_jobs() -> int:
    return services.reap_jobs()


# A minute on, it is measured again.
@shared_task(name="jobs.tasks.measure_system", base=SentryTask, ignore_result=True, max_retries=0)
def measure_system() -> None:
    measuring.measure_system()


@shared_task(
    name="jobs.tasks.clear_old_jobs",
    base=SentryTask,
    ignore_result=True,
    idempotent=True,
    monitor=Monitor("clear-old-jobs", timedelta(hours=1), margin=timedelta(minutes=5)),
)
def clear_old_jobs() -> None:
    """Forget sessions that have ended and finished jobs that nothing refers to any more."""
    call_command("clearsessions")
    old = Job.objects.filter(state__in=Job.OVER, finished_at__lt=timezone.now() - timedelta(days=KEEP_DAYS))
    for relation in Job._meta.related_objects:
        old = old.filter(**{f"{relation.name}__isnull": True})
    old.delete()

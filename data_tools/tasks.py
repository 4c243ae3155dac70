"""Background work on data sources. The bodies are in processing.py, cleaning.py and weather/."""

from celery import shared_task

from core.sentry.measures import timed
from core.sentry.task_scope import describe_task
from core.tasks import SentryTask
from data_tools import cleaning, processing
from data_tools.weather import services as weather
from jobs.lease import claim


# The lease and the reaper are the retry: a message sent again would find the job taken.
@shared_task(name="data_tools.tasks.process_source", base=SentryTask, ignore_result=True, max_retries=0)
def process_source(job_id: str) -> None:
    """Read, check, convert and keep one upload; does nothing when another worker has the job."""
    lease = claim(job_id)
    if lease is None:
        return
    describe_task(datasource_id=lease.subject_id, stage="processing", job_id=job_id)
    with lease, timed("processing_time_s", kind="upload"):
        processing.process_upload(lease)
    processing.drop_unreadable_upload(lease.subject_id)


@shared_task(name="data_tools.tasks.import_weather", base=SentryTask, ignore_result=True, max_retries=0)
def import_weather(job_id: str) -> None:
    """Ask the weather service and make a data source of its answer; its tries are core.resilience's."""
    lease = claim(job_id)
    if lease is None:
        return
    describe_task(weather_import_id=lease.subject_id, stage="asking", job_id=job_id)
    with lease, timed("processing_time_s", kind="weather"):
        weather.import_weather(lease)


@shared_task(name="data_tools.tasks.sweep_files", base=SentryTask, ignore_result=True, idempotent=True)
def sweep_files() -> int:
    """Remove files that nothing refers to. Run by beat."""
    return cleaning.sweep_files().files

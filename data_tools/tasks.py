"""Background work on data sources. The bodies are in processing.py and cleaning.py."""

from celery import shared_task

from data_tools import cleaning, processing
from jobs.lease import claim


@shared_task(name="data_tools.tasks.process_source", ignore_result=True)
def process_source(job_id: str) -> None:
    """Read, check, convert and keep one upload; does nothing when another worker has the job."""
    lease = claim(job_id)
    if lease is None:
        return
    with lease:
        processing.process_upload(lease)
    processing.drop_unreadable_upload(lease.subject_id)


@shared_task(name="data_tools.tasks.sweep_files", ignore_result=True)
def sweep_files() -> int:
    """Remove files that nothing refers to. Run by beat."""
    return cleaning.sweep_files().files

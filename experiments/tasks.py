"""The tasks of experiments: thin, each a claim, a lease and a service."""

from celery import shared_task

from core.sentry.task_scope import describe_task
from core.tasks import SentryTask
from experiments import services
from jobs.lease import claim


# The lease and the reaper are the retry: a message sent again would find the job taken.
@shared_task(name=services.TRAIN_TASK, base=SentryTask, max_retries=0)
def train_experiment(job_id: str) -> None:
    """Take the experiment one step on; a search is several of these with trials between them."""
    lease = claim(job_id)
    if lease is None:
        return
    describe_task(experiment_id=lease.subject_id, stage="training", job_id=job_id)
    with lease:
        services.advance_experiment(lease)


@shared_task(name=services.TRIAL_TASK, base=SentryTask, max_retries=0)
def run_trial(job_id: str) -> None:
    """Score one trial, then wake its experiment if it was the last of the batch."""
    lease = claim(job_id)
    if lease is None:
        return
    describe_task(trial_id=lease.subject_id, stage="search", job_id=job_id)
    try:
        with lease:
            services.run_trial(lease)
    finally:
        services.wake_experiment_of(str(lease.subject_id))

"""The tasks of experiments: thin, each a claim, a lease and a service."""

from celery import shared_task

from experiments import services
from jobs.lease import claim


@shared_task(name=services.TRAIN_TASK)
def train_experiment(job_id: str) -> None:
    """Take the experiment one step on; a search is several of these with trials between them."""
    lease = claim(job_id)
    if lease is None:
        return
    with lease:
        services.advance_experiment(lease)


@shared_task(name=services.TRIAL_TASK)
def run_trial(job_id: str) -> None:
    """Score one trial, then wake its experiment if it was the last of the batch."""
    lease = claim(job_id)
    if lease is None:
        return
    try:
        with lease:
            services.run_trial(lease)
    finally:
        services.wake_experiment_of(str(lease.subject_id))

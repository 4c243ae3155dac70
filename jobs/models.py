"""One row for each piece of background work. It is the queue's memory, the lease and the progress bar in one."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """Work that a Celery task does for one subject (a data source, an experiment, a trial).

    The broker carries nothing but this row's id: what a lost message or a dead worker leaves undone is found here.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Ready")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    OVER = (State.SUCCEEDED, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=120, help_text="Name of the Celery task that does it")
    subject_id = models.UUIDField(db_index=True)
    request_id = models.CharField(
        max_length=64, blank=True, help_text="Of the request that wanted it: its errors are found by this"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    stage = models.CharField(max_length=80, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, help_text="When the broker last took it; empty: it never did")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    error_details = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["lease_expires_at"], name="job_running", condition=models.Q(state="running")
            ),
            models.Index(fields=["sent_at"], name="job_queued", condition=models.Q(state="queued")),
            models.Index(fields=["state", "finished_at"], name="job_over"),
            # Lists count by state what jobs belong to, walking this beside the other table's index of jobs.
            models.Index(fields=["state", "id"], name="job_state"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.id} {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

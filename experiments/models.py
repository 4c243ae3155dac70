"""Experiments and the trials of their searches."""

import uuid
from pathlib import Path

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower, Upper
from django.urls import reverse

from data_tools.models import DataSource
from experiments.words import MODELS
from jobs.models import Job
from projects.models import Project


class Experiment(models.Model):
    """A model trained once. `spec` and `result` are the engine's dataclasses as JSON; the state is the job's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="experiments")
    source = models.ForeignKey(DataSource, on_delete=models.RESTRICT, related_name="experiments")
    name = models.CharField(max_length=160)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    synthetic = models.BooleanField(default=False, editable=False)
    spec = models.JSONField()
    model = models.CharField(max_length=30, help_text="Copied out of the spec for lists")
    trials_wanted = models.PositiveSmallIntegerField(
        default=0, help_text="0: no search, the parameters as given"
    )
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="experiment")
    result = models.JSONField(default=dict, blank=True, editable=False)
    predictions_path = models.CharField(
        max_length=255, blank=True, editable=False, help_text="Below DATA_ROOT"
    )
    nse = models.FloatField(null=True, help_text="Nash-Sutcliffe efficiency on the test period")
    baseline_nse = models.FloatField(null=True, help_text="The same of the persistence baseline")

    class Meta:
        ordering = ["-created_at", "id"]
        # Each order of the lists has an index to walk, as data sources have.
        indexes = [
            models.Index(fields=["project", "-created_at", "id"], name="experiment_recent"),
            models.Index(fields=["-created_at", "id"], name="experiment_recent_all"),
            models.Index(Lower("name"), "id", name="experiment_name"),
            models.Index(F("nse").desc(nulls_last=True), "id", name="experiment_nse"),
            models.Index(
                fields=["job", "project"], name="experiment_of_job"
            ),  # to count by state without the rows
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="experiment_name_search"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("experiments:detail", args=[self.id])

    @property
    def is_ready(self) -> bool:
        return bool(self.predictions_path)

    @property
    def shown_state(self) -> tuple[str, str]:
        """State and its word for the page: an experiment that waits for its trials is at work, not in a queue."""
        if self.job.state == Job.State.QUEUED and self.job.percent:
            return Job.State.RUNNING.value, str(Job.State.RUNNING.label)
        return self.job.state, self.job.get_state_display()

    @property
    def model_label(self) -> str:
        return str(MODELS[self.model])

    @property
    def predictions_file(self) -> Path:
        return Path(settings.DATA_ROOT) / self.predictions_path


class Trial(models.Model):
    """One set of parameters tried in a search. Batches are fixed and told to the sampler in order of `number`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveSmallIntegerField()
    batch = models.PositiveSmallIntegerField()
    parameters = models.JSONField()
    score = models.FloatField(null=True, help_text="NSE on the validation period")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="trial")

    class Meta:
        ordering = ["experiment", "number"]
        constraints = [models.UniqueConstraint(fields=["experiment", "number"], name="one_trial_a_number")]

    def __str__(self) -> str:
        return f"trial {self.number} of {self.experiment_id}"

"""Data sources: what was uploaded, what became of it, where its files lie."""

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from jobs.models import Job
from projects.models import Project


class DataSource(models.Model):
    """One uploaded file. Its state is its job's; its result is `ProcessingResult.to_dict()` of the engine."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="data_sources")
    name = models.CharField(max_length=160)
    original_name = models.CharField(max_length=255)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    synthetic = models.BooleanField(default=False, editable=False)
    size_bytes = models.PositiveBigIntegerField(default=0)
    upload_path = models.CharField(
        max_length=255, editable=False, help_text="Below DATA_ROOT; empty: not kept"
    )
    parquet_path = models.CharField(max_length=255, blank=True, editable=False, help_text="Below DATA_ROOT")
    job = models.OneToOneField(
        Job, on_delete=models.PROTECT, related_name="data_source", help_text="The newest processing"
    )
    result = models.JSONField(default=dict, blank=True, editable=False)
    # Copied out of the result, so that lists need not read it.
    rows = models.PositiveBigIntegerField(default=0)
    first_date = models.DateTimeField(null=True, blank=True)
    last_date = models.DateTimeField(null=True, blank=True)
    time_step = models.CharField(max_length=20, blank=True)
    warnings = models.PositiveIntegerField(default=0, help_text="Findings that are errors or warnings")

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["project", "-created_at", "id"], name="source_recent"),
            models.Index(fields=["project", "name"], name="source_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("data:detail", args=[self.id])

    @property
    def is_ready(self) -> bool:
        """Whether there is a result to work with; a failed reprocessing keeps the earlier one."""
        return bool(self.parquet_path)

    @property
    def parquet_file(self) -> Path:
        return Path(settings.DATA_ROOT) / self.parquet_path

    @property
    def upload_file(self) -> Path:
        return Path(settings.DATA_ROOT) / self.upload_path

    @property
    def columns(self) -> list[dict[str, Any]]:
        return list(self.result.get("columns", []))

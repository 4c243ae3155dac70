"""Data sources: what was uploaded, what became of it, where its files lie."""

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower, Upper
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
    sha256 = models.CharField(max_length=64, blank=True, editable=False, help_text="Of the file as uploaded")
    upload_path = models.CharField(
        max_length=255, blank=True, editable=False, help_text="Below DATA_ROOT; empty: not kept"
    )
    parquet_path = models.CharField(max_length=255, blank=True, editable=False, help_text="Below DATA_ROOT")
    job = models.OneToOneField(
        Job, on_delete=models.PROTECT, related_name="data_source", help_text="The newest processing"
    )
    result = models.JSONField(default=dict, blank=True, editable=False)
    # Copied out of the result, so that lists need not read it. Days of the record, which has no time zone.
    rows = models.PositiveBigIntegerField(default=0)
    first_date = models.DateField(null=True, blank=True)
    last_date = models.DateField(null=True, blank=True)
    time_step = models.CharField(max_length=20, blank=True)
    warnings = models.PositiveIntegerField(default=0, help_text="Findings that are errors or warnings")

    class Meta:
        ordering = ["-created_at", "id"]
        # Each order of the lists has an index to walk, so that page one costs the same among ten as among 100,000.
        indexes = [
            models.Index(fields=["project", "-created_at", "id"], name="source_recent"),
            models.Index(fields=["-created_at", "id"], name="source_recent_all"),
            models.Index(Lower("name"), "id", name="source_name"),
            models.Index(fields=["-rows", "id"], name="source_rows"),
            models.Index(
                fields=["job", "project"], name="source_of_job"
            ),  # to count by state without the rows
            models.Index(fields=["project", "sha256"], name="source_same_content"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="source_name_search"),
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
    def directory(self) -> Path:
        """Where all files of this data source lie, and nothing else."""
        return Path(settings.DATA_ROOT) / "sources" / str(self.id)

    @property
    def parquet_file(self) -> Path:
        return Path(settings.DATA_ROOT) / self.parquet_path

    @property
    def upload_file(self) -> Path:
        return Path(settings.DATA_ROOT) / self.upload_path

    @property
    def columns(self) -> list[dict[str, Any]]:
        return list(self.result.get("columns", []))


# Django finds models here only; imported last, for it refers to the one above.
from data_tools.weather.models import WeatherImport  # noqa: E402, F401

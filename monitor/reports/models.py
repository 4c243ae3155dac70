"""Reports as they were written: their figures are kept, so that a page says the same when it is looked at later."""

from django.db import models

from monitor.epoch import EpochField


class Kind(models.TextChoices):
    DAILY = "daily", "Daily digest"
    TRIAGE = "triage", "Triage list"
    WEEKLY = "weekly", "Weekly review"
    MONTHLY = "monthly", "Monthly report"


class Report(models.Model):
    """One of each kind and period. `sections`: one of each project, plain JSON; readers see those of their projects."""

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=10, help_text="2026-11-28: its day, or that of the review; 2026-11")
    since = EpochField()
    until = EpochField()
    written_at = EpochField()
    sections = models.JSONField(default=list)
    common = models.JSONField(default=dict, help_text="what is of no project: the strategy's own state")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="one_report")]
        indexes = [models.Index(fields=["kind", "-since"], name="report_by_time")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"

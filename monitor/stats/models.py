"""Exact counts by time. `hour` is hours, `minute` minutes since 1970."""

from django.db import models


class OutcomeCount(models.Model):
    """What became of what was sent. `outcome`: accepted, refused, digested, sampled, poison, duplicate,
    client_discard (what SDKs told in client reports). `category`: Sentry's data categories."""

    project_id = models.PositiveBigIntegerField(help_text="0: no project that is known")
    minute = models.PositiveIntegerField()
    outcome = models.CharField(max_length=20)
    category = models.CharField(max_length=30)
    reason = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project_id", "minute", "outcome", "category", "reason"], name="one_outcome_count"
            )
        ]
        indexes = [models.Index(fields=["minute"], name="outcome_by_minute")]


class EventCount(models.Model):
    """Errors and messages by what the strategy says of them: what rates, coverage and dashboards read."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    minute = models.PositiveIntegerField()
    category = models.CharField(max_length=60, blank=True)
    severity = models.CharField(max_length=2, blank=True)
    level = models.CharField(max_length=10)
    environment = models.CharField(max_length=64, blank=True)
    release = models.CharField(max_length=200, blank=True)
    times = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "minute", "category", "severity", "level", "environment", "release"],
                name="one_event_count",
            )
        ]
        indexes = [models.Index(fields=["minute"], name="event_count_by_minute")]

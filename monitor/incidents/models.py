"""Incidents and all that is written down about them. Their times are what the figures are computed from."""

from django.conf import settings
from django.db import models

from monitor.epoch import EpochField


class State(models.TextChoices):
    """In their usual order; mitigated and investigating may be left out."""

    TRIGGERED = "triggered", "Triggered"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    INVESTIGATING = "investigating", "Investigating"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"
    REVIEWED = "reviewed", "Reviewed"


OPEN_STATES = (State.TRIGGERED, State.ACKNOWLEDGED, State.INVESTIGATING, State.MITIGATED)


class Incident(models.Model):
    """Opened by an alert or by hand. `started_at` ≤ `detected_at` ≤ `acknowledged_at` ≤ `resolved_at`."""

    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=250)
    severity = models.CharField(max_length=2)
    state = models.CharField(max_length=15, choices=State, default=State.TRIGGERED)
    project = models.ForeignKey("projects.Project", null=True, on_delete=models.SET_NULL, related_name="+")
    environment = models.CharField(max_length=64, blank=True)
    rule = models.CharField(
        max_length=60, blank=True, help_text="the alert rule that opened it; blank: by hand"
    )
    category = models.CharField(max_length=60, blank=True)
    release = models.CharField(max_length=200, blank=True)
    runbook = models.CharField(max_length=120, blank=True)
    issues = models.ManyToManyField("issues.Issue", related_name="incidents", blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = EpochField(help_text="when the first of it happened")
    detected_at = EpochField(help_text="when the alert fired, or it was opened by hand")
    acknowledged_at = EpochField(null=True)
    mitigated_at = EpochField(null=True)
    resolved_at = EpochField(null=True)
    reviewed_at = EpochField(null=True)
    recurrence_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="recurrences"
    )

    class Meta:
        indexes = [models.Index(fields=["state", "-detected_at"], name="incident_list")]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class TimelineEntry(models.Model):
    """What happened when, by whom: written once, never changed."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    at = EpochField()
    kind = models.CharField(
        max_length=30, help_text="opened, alert, acknowledged, escalated, note, deploy, resolved …"
    )
    text = models.CharField(max_length=4000)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["incident", "at"], name="timeline_of_incident")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text[:60]}"

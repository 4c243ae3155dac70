"""Incidents and all that is written down about them. Their times are what the figures are computed from."""

from django.conf import settings
from django.db import models

from monitor.epoch import EpochField


class State(models.TextChoices):
    """In their usual order; investigating and mitigated may be left out."""

    TRIGGERED = "triggered", "Triggered"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    INVESTIGATING = "investigating", "Investigating"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"
    REVIEWED = "reviewed", "Reviewed"


OPEN_STATES = (State.TRIGGERED, State.ACKNOWLEDGED, State.INVESTIGATING, State.MITIGATED)


class Impact(models.TextChoices):
    """What users notice, as the status page says it."""

    NONE = "none", "Nothing to notice"
    DEGRADED = "degraded", "Slow, or fails for some"
    DOWN = "down", "Does not work"


class Incident(models.Model):
    """Opened by an alert or by hand. Of its times, those that are set never run backwards (monitor.incidents.course)."""

    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=250)
    severity = models.CharField(max_length=2)
    severity_by_hand = models.BooleanField(
        default=False, help_text="a person has set it: alerts don't raise it"
    )
    state = models.CharField(max_length=15, choices=State, default=State.TRIGGERED)
    project = models.ForeignKey("projects.Project", null=True, on_delete=models.SET_NULL, related_name="+")
    environment = models.CharField(max_length=64, blank=True)
    rule = models.CharField(
        max_length=60, blank=True, help_text="the sharpest alert rule of it; blank: opened by hand"
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
    reopened_at = EpochField(null=True, help_text="when it last came back: the escalation begins anew")
    updated_at = EpochField(help_text="when people last said something of it: the clock of `update_every`")
    resolved_by_alerts = models.BooleanField(default=False, help_text="it was over by itself")
    reopened = models.PositiveSmallIntegerField(
        default=0, help_text="how often it came back after being resolved"
    )
    recurrence_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="recurrences"
    )
    is_public = models.BooleanField(default=False, help_text="the status page shows it")
    public_title = models.CharField(max_length=120, blank=True)
    impact = models.CharField(max_length=10, choices=Impact, default=Impact.NONE)
    features = models.JSONField(default=list, help_text="names of [features] that it touches")

    class Meta:
        indexes = [
            models.Index(fields=["state", "-detected_at"], name="incident_list"),
            models.Index(fields=["-detected_at"], name="incident_by_time"),
        ]

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


class Tick(models.Model):
    """That an item of a checklist of the strategy is done. The item is kept in words: the file may change."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="ticks")
    checklist = models.CharField(max_length=30, help_text="first_assessment, investigation, closing")
    item = models.CharField(max_length=300)
    at = EpochField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "checklist", "item"], name="tick_of_incident")
        ]

    def __str__(self) -> str:
        return self.item


class Told(models.Model):
    """That a step of the escalation, or a reminder, was told: each once, whatever the clock does."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="told")
    what = models.CharField(
        max_length=120, help_text="escalation:900:lead:0, update:1800000000, review:1800000000"
    )
    at = EpochField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "what"], name="told_once")]

    def __str__(self) -> str:
        return self.what


class Review(models.Model):
    """What was learned, in Markdown. Times, impact and timeline are no part of it: they are read from the incident."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="review")
    summary = models.TextField(blank=True)
    root_cause = models.TextField(blank=True)
    fix = models.TextField(blank=True)
    prevention = models.TextField(blank=True)
    tests = models.TextField(blank=True)
    monitoring = models.TextField(blank=True)
    changed_at = EpochField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return f"review of incident {self.incident_id}"


class PublicUpdate(models.Model):
    """A word to users on the status page: written once, never changed."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="public_updates")
    at = EpochField()
    stage = models.CharField(max_length=15, help_text="investigating, identified, monitoring, resolved")
    text = models.CharField(max_length=2000)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["incident", "-at"], name="public_word_of_incident")]

    def __str__(self) -> str:
        return f"{self.stage}: {self.text[:60]}"


class StrategySeen(models.Model):
    """What strategy.toml was when the monitor last looked: one row, of digests (strategy_changes.py)."""

    digests = models.JSONField()
    at = EpochField()

    def __str__(self) -> str:
        return f"strategy.toml at {self.at}"

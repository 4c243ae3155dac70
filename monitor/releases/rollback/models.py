"""That a release should be taken back, with the evidence, and what was called for it: rows first, then the deeds."""

from django.conf import settings
from django.db import models

from monitor.epoch import EpochField


class State(models.TextChoices):
    SAID = "said", "Only said"
    WAITING = "waiting", "Waits for a person"
    DUE = "due", "Is carried out"
    DONE = "done", "Carried out"
    FAILED = "failed", "Failed"
    DISMISSED = "dismissed", "Dismissed"


class Rollback(models.Model):
    """Once for each release, project and environment, whatever it does later."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    environment = models.CharField(max_length=64)
    release = models.ForeignKey("releases.Release", on_delete=models.CASCADE, related_name="rollbacks")
    previous = models.CharField(
        max_length=200, blank=True, help_text="the good release before it; none: not known"
    )
    deployed_at = EpochField()
    found_at = EpochField()
    mode = models.CharField(max_length=10, help_text="[rollback] mode when it was found")
    evidence = models.JSONField(help_text="figures, limits, window, the release before: plain JSON")
    state = models.CharField(max_length=10, choices=State)
    problem = models.CharField(max_length=500, blank=True)
    incident = models.ForeignKey(
        "incidents.Incident", null=True, on_delete=models.SET_NULL, related_name="rollbacks"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = EpochField(null=True)
    ended_at = EpochField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "environment", "release"], name="once_for_each_release"
            )
        ]
        indexes = [
            models.Index(
                fields=["found_at"],
                name="rollback_under_way",
                condition=models.Q(state__in=["waiting", "due"]),
            )
        ]

    def __str__(self) -> str:
        to = self.previous or "the release before"
        return f"{self.release.version} to {to} in {self.environment}"


class Call(models.Model):
    """The webhook or the command of a rollback."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        COMMAND = "command", "Command"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    rollback = models.ForeignKey(Rollback, on_delete=models.CASCADE, related_name="calls")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = EpochField()
    claimed_until = EpochField(null=True)
    began_at = EpochField(null=True)
    ended_at = EpochField(null=True)
    outcome = models.TextField(blank=True, help_text="what it said, or why it failed; cut")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rollback", "kind"], name="one_call_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of rollback {self.rollback_id}"

"""Each try to deliver, how each channel stands, and what the demo's outbox holds. What is delivered: alerts.Notification."""

from django.db import models

from monitor.alerts.dispatch.circuit import Circuit
from monitor.epoch import EpochField


class DeliveryAttempt(models.Model):
    """Written before a try begins, so that one which a crash cuts off is known of."""

    class Outcome(models.TextChoices):
        UNDER_WAY = "under_way", "Under way"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        THROTTLED = "throttled", "Asked to wait"
        INTERRUPTED = "interrupted", "Cut off"
        WITHDRAWN = "withdrawn", "Withdrawn"

    notification = models.ForeignKey("alerts.Notification", on_delete=models.CASCADE, related_name="tries")
    at = EpochField(db_index=True)
    took_ms = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.UNDER_WAY)
    detail = models.CharField(max_length=500, blank=True, help_text="why it failed; without secrets")

    class Meta:
        indexes = [
            models.Index(
                fields=["notification"],
                name="attempt_under_way",
                condition=models.Q(outcome="under_way"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.outcome} of {self.notification_id}"


class ChannelState(models.Model):
    """Whether a channel is being left alone for a while, and how it went last."""

    channel = models.CharField(max_length=60, unique=True)
    failures = models.PositiveIntegerField(default=0, help_text="in a row, up to now")
    pause_s = models.FloatField(default=0)
    paused_until = EpochField(null=True)
    last_sent_at = EpochField(null=True)
    last_failed_at = EpochField(null=True)
    problem = models.CharField(max_length=500, blank=True, help_text="of the last failure")

    def __str__(self) -> str:
        return self.channel

    @property
    def circuit(self) -> Circuit:
        until = self.paused_until.timestamp() if self.paused_until else 0.0
        return Circuit(self.failures, self.pause_s, until)


class OutboxMessage(models.Model):
    """What would have been sent if the channel had been set up (MONITOR_OUTBOX), exactly as it would have been sent."""

    notification = models.ForeignKey("alerts.Notification", on_delete=models.CASCADE, related_name="outbox")
    at = EpochField(db_index=True)
    kind = models.CharField(max_length=20, help_text="of the channel: slack, email, …")
    payload = models.JSONField()

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

"""What users said on an error page. Their address is kept apart: only who asks for it sees it, and that is logged."""

from django.db import models

from monitor.epoch import EpochField


class Status(models.TextChoices):
    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"
    SPAM = "spam", "Spam"


class Feedback(models.Model):
    """`event_uid` and `error_id` say which error it is about; `issue` is set as soon as that error is here."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="feedback", db_index=False
    )
    uid = models.BinaryField(
        max_length=16, help_text="its own event id; of a user report, made of its content"
    )
    written = EpochField()
    received = EpochField()
    message = models.TextField(help_text="scrubbed")
    name = models.CharField(max_length=100, blank=True, help_text="scrubbed")
    url = models.CharField(max_length=1000, blank=True, help_text="scrubbed")
    release = models.CharField(max_length=200, blank=True)
    environment = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    event_uid = models.BinaryField(max_length=16, null=True)
    error_id = models.CharField(max_length=64, blank=True)
    issue = models.ForeignKey("issues.Issue", null=True, on_delete=models.SET_NULL, related_name="feedback")
    user = models.BinaryField(max_length=8, null=True, help_text="the user's hash")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "uid"], name="one_feedback")]
        indexes = [
            models.Index(fields=["status", "-received"], name="feedback_inbox"),
            models.Index(fields=["received"], name="feedback_by_receipt"),
            models.Index(
                fields=["event_uid"], name="feedback_of_event", condition=models.Q(event_uid__isnull=False)
            ),
            models.Index(fields=["user"], name="feedback_of_user", condition=models.Q(user__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.message[:80]

    @property
    def feedback_id(self) -> str:
        """32 hexadecimal digits."""
        return bytes(self.uid).hex()

    @property
    def event_id(self) -> str | None:
        return None if self.event_uid is None else bytes(self.event_uid).hex()


class Contact(models.Model):
    """How to answer: the only address that the monitor keeps, as it was given. Goes with the feedback."""

    feedback = models.OneToOneField(Feedback, on_delete=models.CASCADE, related_name="contact")
    address = models.CharField(max_length=254)

    def __str__(self) -> str:
        return f"contact of feedback {self.feedback_id}"

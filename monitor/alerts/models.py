"""What the rules have found, and what people were told of it. The rules themselves stand in strategy.toml."""

from django.conf import settings
from django.db import models

from monitor.epoch import EpochField


class Episode(models.Model):
    """From when a rule began to hold for a key until it no longer does. At most one is open for each rule and place."""

    rule = models.CharField(max_length=60, help_text="the id of [[alerts]]")
    key = models.CharField(
        max_length=250, help_text="what the rule was held against: all, a route, an issue …"
    )
    title = models.CharField(max_length=250)
    severity = models.CharField(max_length=2)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    environment = models.CharField(max_length=64)
    release = models.CharField(max_length=200, blank=True)
    began_at = EpochField(help_text="the second in which the rule began to hold: when it was detected")
    first_event_at = EpochField(null=True, help_text="when what it tells of began, as far as is known")
    ended_at = EpochField(null=True)
    value = models.FloatField(help_text="with which it began")
    worst = models.FloatField(help_text="the value farthest beyond the threshold so far")
    issues = models.JSONField(default=list, help_text="ids of the issues that it looks at, the latest first")
    events = models.JSONField(default=list, help_text="event ids, the latest first")
    incident = models.ForeignKey(
        "incidents.Incident", null=True, on_delete=models.SET_NULL, related_name="episodes"
    )
    course = models.JSONField(
        default=list, help_text="how its value went: pairs of seconds since 1970 and value"
    )
    users = models.PositiveIntegerField(default=0, help_text="different ones among the latest events")
    ended_because = models.CharField(
        max_length=200, blank=True, help_text="other than that it no longer held"
    )
    silence = models.CharField(max_length=300, blank=True, help_text="why nobody was told")
    leader = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="followers",
        help_text="the episode of the same rule, minutes before, with which people were told of it",
    )
    useful = models.BooleanField(null=True, help_text="what people said of the alert")
    useful_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    useful_at = EpochField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "project", "environment", "key"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_episode",
            )
        ]
        indexes = [
            models.Index(fields=["-began_at"], name="episode_by_time"),
            models.Index(fields=["rule", "-began_at"], name="episode_of_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} ({self.environment}, {self.key})"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class Mute(models.Model):
    """Of a rule nobody is told, for a time. Its episodes are kept all the same."""

    rule = models.CharField(max_length=60)
    key = models.CharField(max_length=250, blank=True, help_text="only of this; blank: of all")
    project = models.ForeignKey(
        "projects.Project", null=True, on_delete=models.CASCADE, related_name="+", help_text="none: of all"
    )
    until = EpochField()
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = EpochField()
    lifted_at = EpochField(null=True, help_text="before its time")
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["rule", "until"], name="mute_of_rule")]

    def __str__(self) -> str:
        return f"{self.rule} is muted"


class JournalRow(models.Model):
    """What one batch brought for the rules, written in its transaction. Ids rise in the order of the commits."""

    kind = models.CharField(max_length=10, help_text="event, or a kind of monitor.alerts.measurements")
    first_received = models.FloatField()
    last_received = models.FloatField()
    size = models.PositiveIntegerField()
    entries = models.BinaryField(help_text="JSON of monitor.alerts.entries, compressed")

    class Meta:
        indexes = [models.Index(fields=["kind", "last_received"], name="journal_by_age")]


class EngineState(models.Model):
    """How far the journal has been held against the rules; one row. What followed from it is in the episodes."""

    position = models.PositiveBigIntegerField(help_text="all rows up to this one are read")
    clock = models.FloatField(help_text="of these, all that was received up to then has been judged")
    started = models.FloatField(help_text="since when all that came is in the journal")
    turn = models.PositiveBigIntegerField(
        default=0, help_text="rises with each change: two cannot go on from one"
    )


class EngineSnapshot(models.Model):
    """The engine's windows as they stood; one row. Without it, or when it does not fit, they are made of the journal."""

    fits = models.CharField(max_length=64, help_text="a hash of the rules and of the engine's own format")
    position = models.PositiveBigIntegerField()
    clock = models.FloatField()
    state = models.BinaryField()


class Notification(models.Model):
    """One message for one channel: a row first, then sent by whoever claims it (monitor.alerts.dispatch)."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    channel = models.CharField(max_length=60, help_text="its name in [channels]")
    kind = models.CharField(max_length=20, help_text="monitor.alerts.messages.Kind")
    message = models.JSONField(help_text="monitor.alerts.messages.Message")
    thread = models.CharField(
        max_length=200, blank=True, help_text="the message's: within a channel they go in their order"
    )
    recipients = models.JSONField(default=list, help_text="roles")
    once = models.CharField(max_length=200, unique=True, help_text="a second one with this is not made")
    episode = models.ForeignKey(Episode, null=True, on_delete=models.CASCADE, related_name="notifications")
    incident = models.ForeignKey(
        "incidents.Incident", null=True, on_delete=models.CASCADE, related_name="notifications"
    )
    created_at = EpochField()
    not_before = EpochField(help_text="quiet hours, or the next try")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = EpochField(null=True, help_text="somebody is sending it; after this, nobody is any more")
    sent_at = EpochField(null=True)
    problem = models.CharField(max_length=500, blank=True, help_text="why the last try failed")
    answer = models.JSONField(
        default=dict, help_text="what the service called it: a timestamp, a number, an address"
    )

    class Meta:
        indexes = [
            models.Index(fields=["not_before"], name="notification_due", condition=models.Q(state="waiting")),
            models.Index(
                fields=["channel", "not_before"],
                name="notification_of_channel",
                condition=models.Q(state="waiting"),
            ),
            models.Index(fields=["-created_at"], name="notification_by_time"),
            models.Index(fields=["channel", "thread"], name="notification_of_thread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} through {self.channel}"

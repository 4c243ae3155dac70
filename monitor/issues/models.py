"""What is kept of errors and messages. The digest writes these tables with SQL of its own (collecting.py); pages read.

Counts (`times`) are exact and include what SDKs held back (`suppressed`); events are those whose payload is kept.
"""

from django.conf import settings
from django.db import models

from monitor.epoch import EpochField
from monitor.issues.rowid import RowIdField


class Status(models.TextChoices):
    UNRESOLVED = "unresolved", "Unresolved"
    RESOLVED = "resolved", "Resolved"
    IGNORED = "ignored", "Ignored"


class Substatus(models.TextChoices):
    """How an unresolved issue came to be so."""

    NEW = "new", "New"
    ONGOING = "ongoing", "Ongoing"
    REGRESSED = "regressed", "Regressed"
    ESCALATING = "escalating", "Escalating"


_LISTED = (
    "project", "substatus", "severity", "level", "category", "assigned_to", "handled", "first_seen", "users",
    "first_release",
)  # fmt: skip


class Issue(models.Model):
    """Events with one cause."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="issues", db_index=False
    )
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=250)
    culprit = models.CharField(max_length=250, blank=True)
    type = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=1000, blank=True)
    level = models.CharField(max_length=10)
    platform = models.CharField(max_length=30, blank=True)
    logger = models.CharField(max_length=200, blank=True)
    transaction = models.CharField(max_length=250, blank=True)
    category = models.CharField(
        max_length=60, blank=True, help_text="the event's tag, as strategy.toml names it"
    )
    severity = models.CharField(max_length=2, blank=True, help_text="P0 to P4; the worst seen")
    handled = models.BooleanField(null=True)
    first_seen = EpochField()
    last_seen = EpochField()
    times = models.PositiveBigIntegerField(default=0)
    users = models.PositiveBigIntegerField(default=0)
    stored = models.PositiveBigIntegerField(default=0, help_text="events whose payload is kept")
    first_release = models.CharField(max_length=200, blank=True)
    last_release = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.UNRESOLVED)
    substatus = models.CharField(max_length=10, choices=Substatus, default=Substatus.NEW)
    status_changed_at = EpochField(null=True)
    resolved_in_release = models.CharField(
        max_length=200, blank=True, help_text="returns in this or later: regressed"
    )
    resolved_in_next_release = models.BooleanField(default=False)
    ignored_until = EpochField(null=True)
    ignored_until_times = models.PositiveBigIntegerField(
        null=True, help_text="wakes when `times` has reached this"
    )
    ignored_until_rate = models.PositiveBigIntegerField(
        null=True, help_text="so many events in an hour wake it (monitor.issues.escalation)"
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="issues",
        db_index=False,
    )
    known_error = models.TextField(
        blank=True, help_text="cause, way round, runbook: shown wherever it appears again"
    )
    # Of the digest, to thin the payloads of a flood (sampling.py).
    sampling_hour = models.PositiveIntegerField(default=0, help_text="hours since 1970")
    sampling_events = models.PositiveBigIntegerField(default=0, help_text="events in that hour")
    sampling_kept_at = EpochField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="issue_number")]
        indexes = [
            # All that the list filters by: SQLite then reads one of these alone, a tenth of the table, and in order
            # (monitor.issues.search). A wide index costs the digest less than one for each column.
            models.Index(fields=["status", "-last_seen", *_LISTED, "times"], name="issue_list"),
            models.Index(fields=["status", "-times", "-last_seen", *_LISTED], name="issue_list_by_events"),
            models.Index(fields=["project", "type"], name="issue_by_type"),
            models.Index(
                fields=["project", "type"],
                name="issue_with_known_error",
                condition=models.Q(known_error__gt=""),
            ),
            models.Index(
                fields=["ignored_until_rate"],
                name="issue_that_may_escalate",
                condition=models.Q(ignored_until_rate__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def short_id(self) -> str:
        """As people quote it: HYDROML-12."""
        return f"{self.project.slug.upper()}-{self.number}"


class IssueHash(models.Model):
    """Each hash is one issue's; an issue has several after a merge or under several versions of grouping."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    hash = models.CharField(max_length=32)
    version = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=40)
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="hashes")
    merged_from = models.JSONField(null=True, help_text="what unmerging needs to make the issue again")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "hash"], name="hash_of_one_issue")]


class StoredEvent(models.Model):
    """An event whose payload is kept: block and slot say where (monitor.digest.payloads)."""

    uid = models.BinaryField(max_length=16, unique=True, help_text="the event id, 16 bytes")
    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="events", db_index=False)
    # Without a constraint: the removal of a hash would look through all events.
    hash = models.ForeignKey(
        IssueHash,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    timestamp = EpochField()
    received = EpochField()
    times = models.PositiveIntegerField(default=1)
    level = models.CharField(max_length=10)
    release = models.CharField(max_length=200, blank=True)
    environment = models.CharField(max_length=64, blank=True)
    error_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 (NULLs take no room in the index)
    trace = models.BinaryField(max_length=16, null=True)
    user = models.BinaryField(max_length=8, null=True, help_text="the user's hash")
    block = models.ForeignKey("digest.PayloadBlock", on_delete=models.CASCADE, related_name="+")
    slot = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["issue", "-timestamp"], name="event_of_issue"),
            models.Index(
                fields=["error_id"], name="event_by_error_id", condition=models.Q(error_id__isnull=False)
            ),
            models.Index(fields=["trace"], name="event_by_trace", condition=models.Q(trace__isnull=False)),
        ]

    @property
    def event_id(self) -> str:
        return bytes(self.uid).hex()


class SampledEvent(models.Model):
    """An event that was counted and whose payload a flood left out: its id is known, so that it counts once."""

    id = RowIdField(primary_key=True, help_text="`sampled_key` of the event id")
    issue = models.ForeignKey(
        Issue, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    day = models.PositiveIntegerField(help_text="received, days since 1970")


def sampled_key(uid: bytes) -> int:
    """64 bits of an event id's 128; of ten million, two are the same once in a hundred thousand times."""
    return int.from_bytes(uid[:8], "big", signed=True) ^ int.from_bytes(uid[8:], "big", signed=True)


class Attachment(models.Model):
    """A file that came with an event, kept as it came: nothing in it is scrubbed."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    uid = models.BinaryField(max_length=16, help_text="the event id, 16 bytes; the event may come later")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=40, help_text="Sentry's attachment_type: event.minidump, …")
    size = models.PositiveBigIntegerField(help_text="bytes")
    received = EpochField()
    block = models.ForeignKey("digest.PayloadBlock", on_delete=models.CASCADE, related_name="+")
    slot = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["uid"], name="attachment_of_event")]


class TagValue(models.Model):
    """A tag, once for each project. `environment`, `release`, `level`, `transaction`, … are tags too, as in Sentry."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=200)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key", "value"], name="tag_of_project")]


class IssueTag(models.Model):
    """How often an issue had a tag. At most 500 values of one key for an issue; what is beyond counts as `<other>`."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="tags", db_index=False)
    tag = models.ForeignKey(TagValue, on_delete=models.CASCADE, related_name="issues", db_index=False)
    times = models.PositiveBigIntegerField()
    first_seen = EpochField()
    last_seen = EpochField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "tag"], name="tag_of_issue")]
        indexes = [models.Index(fields=["tag", "issue"], name="issue_by_tag")]


class IssueHour(models.Model):
    """Events of an issue in an hour, by event time: `hour` is hours since 1970."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="hours", db_index=False)
    hour = models.PositiveIntegerField(db_index=True)
    times = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "hour"], name="hour_of_issue")]


class IssueUser(models.Model):
    """That a user met an issue; `Issue.users` is their number."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.BinaryField(max_length=8)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "user"], name="user_of_issue")]
        indexes = [models.Index(fields=["user"], name="issue_by_user")]


class Activity(models.Model):
    """What people, and the monitor, did with an issue, in order: comments too."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="activities")
    at = EpochField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(
        max_length=30,
        help_text="first_seen, resolved, unresolved, regressed, ignored, assigned, comment, merged, unmerged, …",
    )
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]


class Merge(models.Model):
    """That an issue went into another one, and what it was: with this, unmerging gives back exactly what came."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="merges")
    source_id = models.PositiveBigIntegerField(
        unique=True, help_text="what its address was, and will be again"
    )
    at = EpochField()
    last_event = models.PositiveBigIntegerField(
        help_text="the newest StoredEvent of that moment; later ones are not counted here"
    )
    hashes = models.JSONField(help_text="ids of the hashes that came with it")
    row = models.JSONField(help_text="the issue's columns")
    before = models.JSONField(help_text="columns of the other one, and times of the tags that both had")
    hours = models.JSONField(help_text="{hour: times}")
    tags = models.JSONField(help_text="{tag: [times, first_seen, last_seen]}")
    users = models.BinaryField(help_text="8 bytes each: the users that it had")
    new_users = models.BinaryField(help_text="those of them whom the other issue had not")


class DeletedPayload(models.Model):
    """A payload that nothing refers to any more, because its issue was deleted; a clock job erases it (deletion.py)."""

    block = models.PositiveBigIntegerField(
        db_index=True, help_text="key of a PayloadBlock, which may be gone"
    )
    slot = models.PositiveIntegerField()

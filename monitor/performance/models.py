"""Transactions, added up; a few of them kept whole. `minute` is minutes, `day` days since 1970, times are milliseconds."""

from django.db import models

from monitor.epoch import EpochField

STEPS = (5, 60, 1440)
"""Minutes of a bucket. Each transaction is in one of each, so that any period is a few rows."""


class TransactionGroup(models.Model):
    """Transactions of one name. Celery's tasks are transactions, too: their op begins with `queue.task`."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=250)
    op = models.CharField(max_length=60)
    environment = models.CharField(max_length=64, blank=True)
    is_task = models.BooleanField()
    key = models.BinaryField(max_length=16, help_text="of all the above, as one hash")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="one_transaction_group")]
        indexes = [models.Index(fields=["project", "name", "op"], name="transaction_group_by_name")]


class TransactionBucket(models.Model):
    """What was received of a group in a stretch of time. `*_ms` add up; what no layer took is the code's own."""

    group = models.ForeignKey(TransactionGroup, on_delete=models.CASCADE, related_name="+", db_index=False)
    step = models.PositiveSmallIntegerField(help_text="one of STEPS")
    minute = models.PositiveIntegerField(help_text="the first of them")
    release_id = models.PositiveBigIntegerField(default=0, help_text="of releases.Release; 0: none was named")
    count = models.PositiveBigIntegerField()
    failed = models.PositiveBigIntegerField()
    quick = models.PositiveBigIntegerField(help_text="within Apdex' T")
    bearable = models.PositiveBigIntegerField(help_text="not quick, but within four times T")
    total_ms = models.FloatField()
    middleware_ms = models.FloatField(default=0)
    database_ms = models.FloatField(default=0)
    cache_ms = models.FloatField(default=0)
    template_ms = models.FloatField(default=0)
    http_ms = models.FloatField(default=0)
    queue_ms = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "step", "minute", "release_id"], name="one_transaction_bucket"
            )
        ]
        indexes = [
            # Has all that the overview reads, which so touches no row.
            models.Index(
                fields=["step", "minute", "group", "count", "failed", "quick", "bearable", "total_ms"],
                name="transactions_by_time",
            )
        ]


class TransactionSketch(models.Model):
    """The durations of a bucket (monitor.metrics.sketch): apart, since most readers want only the counts."""

    bucket = models.OneToOneField(
        TransactionBucket, on_delete=models.CASCADE, related_name="sketch", primary_key=True
    )
    durations = models.BinaryField()


class TransactionSample(models.Model):
    """One that is kept whole: block and slot say where (monitor.digest.payloads)."""

    group = models.ForeignKey(TransactionGroup, on_delete=models.CASCADE, related_name="+", db_index=False)
    uid = models.BinaryField(max_length=16, help_text="the event id")
    trace = models.BinaryField(max_length=16, null=True)
    day = models.PositiveIntegerField()
    at = EpochField(help_text="when it began")
    duration_ms = models.FloatField()
    failed = models.BooleanField()
    spans = models.PositiveIntegerField()
    release_id = models.PositiveBigIntegerField(default=0)
    lot = models.PositiveIntegerField(help_text="of its id: the least of a day are a fair sample")
    is_example = models.BooleanField(default=False, help_text="of a finding")
    block = models.ForeignKey("digest.PayloadBlock", on_delete=models.CASCADE, related_name="+")
    slot = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "uid"], name="one_transaction_sample")]
        indexes = [
            models.Index(fields=["group", "day"], name="transaction_sample_by_day"),
            models.Index(fields=["trace"], name="transaction_sample_by_trace"),
            models.Index(fields=["day"], name="transaction_sample_by_age"),
        ]


class SeenTransaction(models.Model):
    """Which were counted: a sender that got no answer sends again."""

    key = models.BinaryField(max_length=16)
    at = EpochField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="one_seen_transaction")]
        indexes = [models.Index(fields=["at"], name="seen_transaction_by_age")]


class Statement(models.Model):
    """SQL without its values."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    key = models.BinaryField(max_length=16, help_text="of project and text")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="one_statement")]


class StatementDay(models.Model):
    """What a statement took in one group on one day."""

    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="+", db_index=False)
    group = models.ForeignKey(TransactionGroup, on_delete=models.CASCADE, related_name="+")
    day = models.PositiveIntegerField()
    count = models.PositiveBigIntegerField()
    total_ms = models.FloatField()
    max_ms = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "group", "day"], name="one_statement_day")
        ]
        indexes = [models.Index(fields=["day"], name="statement_by_day")]


class FindingKind(models.TextChoices):
    N_PLUS_ONE = "n_plus_one", "N+1"
    SLOW = "slow_query", "slow query"


class QueryFinding(models.Model):
    """A statement that a group asks too often, or waits for too long; docs/monitor/performance.md has the rules."""

    kind = models.CharField(max_length=12, choices=FindingKind)
    group = models.ForeignKey(TransactionGroup, on_delete=models.CASCADE, related_name="+", db_index=False)
    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="+")
    times = models.PositiveBigIntegerField(help_text="transactions in which it was found")
    spans = models.PositiveBigIntegerField(help_text="queries in all of them")
    total_ms = models.FloatField(help_text="of these queries")
    max_ms = models.FloatField(help_text="the longest query, or the longest series of them")
    source = models.CharField(max_length=300, blank=True, help_text="file, line and function that asked")
    first_seen = EpochField()
    last_seen = EpochField()
    example = models.BinaryField(max_length=16, help_text="uid of a sample, which may be gone")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "statement", "kind"], name="one_query_finding")
        ]
        indexes = [models.Index(fields=["last_seen"], name="query_finding_by_age")]

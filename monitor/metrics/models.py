"""Series of figures, and their sums by minute, hour and day, each counted since 1970."""

from django.db import models

from monitor.epoch import EpochField


class Kind(models.TextChoices):
    COUNTER = "counter"
    GAUGE = "gauge"
    DISTRIBUTION = "distribution"


class MetricSeries(models.Model):
    """A metric under one set of labels. `labels` is a JSON object of strings, its keys sorted."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind)
    unit = models.CharField(max_length=30, blank=True)
    environment = models.CharField(max_length=64, blank=True)
    release = models.CharField(max_length=200, blank=True)
    labels = models.TextField(default="{}")
    key = models.BinaryField(max_length=16, help_text="of all the above, as one hash")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="one_metric_series")]
        indexes = [models.Index(fields=["project", "name", "environment", "release"], name="series_by_name")]


class Point(models.Model):
    """What was sent of a series in a stretch of time. A counter's figure is `total`; a gauge's, `last`."""

    count = models.PositiveBigIntegerField()
    total = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    last = models.FloatField()
    last_at = EpochField()
    sketch = models.BinaryField(null=True, help_text="monitor.metrics.sketch, of distributions")

    class Meta:
        abstract = True


class MetricMinute(Point):
    """Kept for some days."""

    series = models.ForeignKey(MetricSeries, on_delete=models.CASCADE, related_name="+", db_index=False)
    minute = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "minute"], name="one_metric_minute")]
        indexes = [models.Index(fields=["minute"], name="metric_by_minute")]


class MetricHour(Point):
    """Kept for some weeks."""

    series = models.ForeignKey(MetricSeries, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "hour"], name="one_metric_hour")]
        indexes = [models.Index(fields=["hour"], name="metric_by_hour")]


class MetricDay(Point):
    """Kept as long as counts are. A month of objectives is a few rows of each series."""

    series = models.ForeignKey(MetricSeries, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "day"], name="one_metric_day")]
        indexes = [models.Index(fields=["day"], name="metric_by_day")]


class SeenSums(models.Model):
    """Hashes of payloads that were counted: what a sender sends again, it sends byte for byte."""

    key = models.BinaryField(max_length=16)
    at = EpochField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="one_seen_sums")]
        indexes = [models.Index(fields=["at"], name="seen_sums_by_age")]

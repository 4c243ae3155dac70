"""What is asked, how it is, and how it was: one row a target, one row a target and minute."""

from django.db import models

from monitor.epoch import EpochField


class Target(models.Model):
    """An address that is asked every few seconds (strategy.probes). Up until two in a row went unanswered."""

    url = models.CharField(max_length=500, unique=True)
    is_up = models.BooleanField(default=True)
    misses = models.PositiveIntegerField(default=0, help_text="in a row, up to now")
    since = EpochField(help_text="since when it is up, or down")
    last_at = EpochField()
    last_ms = models.FloatField()
    last_answer = models.CharField(max_length=300, help_text="200, or why there was none")

    class Meta:
        ordering = ["url"]

    def __str__(self) -> str:
        return self.url


class ProbeMinute(models.Model):
    """`minute` is minutes since 1970."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="minutes", db_index=False)
    minute = models.PositiveIntegerField(db_index=True)
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    slowest_ms = models.FloatField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["target", "minute"], name="probe_minute")]

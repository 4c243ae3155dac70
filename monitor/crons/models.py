"""What should check in, how it stands in each environment, and what checked in or did not."""

from django.db import models

from monitor.crons.schedule import CRONTAB, INTERVAL, UNITS, Schedule
from monitor.epoch import EpochField

MINUTE_S = 60


class CronMonitor(models.Model):
    """A job with a slug, as Sentry's `monitor_config` describes it. Without a schedule nothing of it can be missed."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="crons")
    slug = models.CharField(max_length=50)
    name = models.CharField(max_length=128)
    schedule_type = models.CharField(
        max_length=10, blank=True, choices=[(CRONTAB, "crontab"), (INTERVAL, "interval")]
    )
    crontab = models.CharField(max_length=100, blank=True)
    interval_value = models.PositiveIntegerField(null=True, blank=True)
    interval_unit = models.CharField(max_length=10, blank=True, choices=[(unit, unit) for unit in UNITS])
    timezone = models.CharField(max_length=64, default="UTC")
    checkin_margin = models.PositiveIntegerField(default=1, help_text="minutes that it may be late")
    max_runtime = models.PositiveIntegerField(default=30, help_text="minutes that it may run")
    failure_issue_threshold = models.PositiveIntegerField(default=1, help_text="failures in a row: failing")
    recovery_threshold = models.PositiveIntegerField(default=1, help_text="successes in a row: ok again")
    is_muted = models.BooleanField(default=False)
    is_disabled = models.BooleanField(default=False)
    created_at = EpochField()
    config_problem = models.CharField(
        max_length=300, blank=True, help_text="why the configuration that was sent last was not taken"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="cron_of_project")]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def schedule(self) -> Schedule | None:
        """None when it has none."""
        if not self.schedule_type:
            return None
        return Schedule(
            self.schedule_type, self.crontab, self.interval_value or 1, self.interval_unit, self.timezone
        )

    @property
    def margin_s(self) -> int:
        return self.checkin_margin * MINUTE_S

    @property
    def runtime_s(self) -> int:
        return self.max_runtime * MINUTE_S


class EnvironmentStatus(models.TextChoices):
    OK = "ok", "Ok"
    FAILING = "failing", "Failing"


class CronEnvironment(models.Model):
    """How a monitor stands in one environment. What is due is known from its first check-in on."""

    monitor = models.ForeignKey(CronMonitor, on_delete=models.CASCADE, related_name="environments")
    name = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=EnvironmentStatus, default=EnvironmentStatus.OK)
    status_since = EpochField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="in a row, up to now")
    successes = models.PositiveIntegerField(default=0, help_text="in a row, up to now")
    last_check_in_at = EpochField(null=True)
    next_due_at = EpochField(null=True)
    overdue_at = EpochField(null=True, help_text="when it will have been missed: due, and the margin over")
    unmet_due_at = EpochField(null=True, help_text="what was due last, was missed, and may still come late")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["monitor", "name"], name="environment_of_cron")]
        indexes = [
            models.Index(
                fields=["overdue_at"], name="cron_by_overdue", condition=models.Q(overdue_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.monitor} in {self.name}"

    @property
    def is_failing(self) -> bool:
        return self.status == EnvironmentStatus.FAILING


class CheckInStatus(models.TextChoices):
    IN_PROGRESS = "in_progress", "Running"
    OK = "ok", "Ok"
    ERROR = "error", "Failed"
    MISSED = "missed", "Missed"
    TIMEOUT = "timeout", "Timed out"
    UNKNOWN = "unknown", "Unknown"


FAILURES = (CheckInStatus.ERROR, CheckInStatus.MISSED, CheckInStatus.TIMEOUT)


class CheckIn(models.Model):
    """A run, or that there was none. `at` is when it became what it is, in the time of the things, not of the judging."""

    environment = models.ForeignKey(
        CronEnvironment, on_delete=models.CASCADE, related_name="check_ins", db_index=False
    )
    uid = models.BinaryField(max_length=16, help_text="the check_in_id; of what did not come: one of our own")
    status = models.CharField(max_length=12, choices=CheckInStatus)
    started = EpochField(help_text="when it began, or was due")
    at = EpochField()
    duration = models.FloatField(null=True, help_text="seconds")
    expected = EpochField(null=True, help_text="the due time it belongs to; none: it came of itself")
    is_late = models.BooleanField(default=False)
    timeout_at = EpochField(null=True, help_text="while it runs")
    ended_as = models.CharField(
        max_length=12, blank=True, choices=CheckInStatus, help_text="what it said after it had timed out"
    )
    times = models.PositiveIntegerField(default=1, help_text="of unknown ones: so many due times")
    release = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "uid"], name="check_in_of_environment")]
        indexes = [
            models.Index(fields=["environment", "-started"], name="check_in_by_start"),
            models.Index(fields=["started"], name="check_in_by_age"),
            models.Index(
                fields=["timeout_at"], name="check_in_running", condition=models.Q(status="in_progress")
            ),
            models.Index(
                fields=["at"],
                name="check_in_failed",
                condition=models.Q(status__in=["error", "missed", "timeout"]),
            ),
        ]


class Watch(models.Model):
    """How far it is known when the receiving end was there. One row."""

    watched_until = EpochField()


class ReceivingGap(models.Model):
    """When nothing could be received: what was due then is unknown."""

    since = EpochField()
    until = EpochField(db_index=True)

"""Releases of the whole organisation, as Sentry has them, and what is counted for each project of theirs.

`hour` is hours, `day` days since 1970, of the time at which a session started or an event happened.
"""

from django.db import models

from monitor.epoch import EpochField


class Release(models.Model):
    """A version. It comes to be with its first event, session or transaction, or by the API."""

    version = models.CharField(max_length=200, unique=True)
    created_at = EpochField(db_index=True, help_text="when the monitor first heard of it")
    released_at = EpochField(null=True, help_text="finalised: when it went live")
    ref = models.CharField(max_length=200, blank=True, help_text="branch, tag or commit it was built from")
    url = models.CharField(max_length=500, blank=True)
    notes = models.TextField(blank=True, help_text="Markdown that a person wrote; none: made from commits")
    is_archived = models.BooleanField(default=False)
    projects = models.ManyToManyField(
        "projects.Project", through="ReleaseProject", related_name="releases", blank=True
    )

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.version


class ReleaseProject(models.Model):
    """That a project has a release, and when it was heard of it."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="in_projects")
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    first_seen = EpochField(null=True, help_text="none: known from the API only")
    last_seen = EpochField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "project"], name="release_of_project")]


class ReleaseHour(models.Model):
    """Exact counts. `sessions` are all; of these `errored`, `crashed`, `abnormal` are each in one column only."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="hours", db_index=False)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    environment = models.CharField(max_length=64, blank=True)
    hour = models.PositiveIntegerField()
    sessions = models.PositiveBigIntegerField(default=0)
    errored = models.PositiveBigIntegerField(default=0)
    crashed = models.PositiveBigIntegerField(default=0)
    abnormal = models.PositiveBigIntegerField(default=0)
    events = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release", "hour", "project", "environment"], name="hour_of_release"
            )
        ]
        indexes = [models.Index(fields=["hour"], name="release_by_hour")]


class ReleaseUser(models.Model):
    """That a user had a session of a release on a day, and whether one of them crashed."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="+", db_index=False)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    environment = models.CharField(max_length=64, blank=True)
    day = models.PositiveIntegerField()
    user = models.BinaryField(max_length=8, help_text="the user's hash, the same as of events")
    crashed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release", "day", "user", "project", "environment"], name="day_of_user_of_release"
            )
        ]
        indexes = [
            models.Index(fields=["day"], name="release_user_by_day"),
            models.Index(fields=["user"], name="release_by_user"),
        ]


class SessionState(models.Model):
    """How a session stands that may still change: kept for some days, so that each session counts once."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    sid = models.BinaryField(max_length=16)
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="+", db_index=False)
    environment = models.CharField(max_length=64, blank=True)
    started = EpochField()
    outcome = models.PositiveSmallIntegerField(help_text="monitor.releases.sessions.Outcome")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "sid"], name="one_session_state")]
        indexes = [models.Index(fields=["started"], name="session_by_start")]


class Regression(models.Model):
    """That an issue which was resolved came back in a release."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="regressions")
    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+")
    at = EpochField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "issue"], name="regression_of_release")]


class Commit(models.Model):
    """Of its author the name is kept, and of the address a hash only: enough to tell two of one name apart."""

    repository = models.CharField(max_length=200, blank=True)
    sha = models.CharField(max_length=64)
    author_name = models.CharField(max_length=128, blank=True)
    author_hash = models.CharField(max_length=16, blank=True)
    message = models.TextField(blank=True)
    timestamp = EpochField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "sha"], name="commit_of_repository")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.strip().partition("\n")[0].strip() or self.short_sha

    @property
    def short_sha(self) -> str:
        return self.sha[:12]


class ReleaseCommit(models.Model):
    """That a commit is new in a release. `position` 0 is the newest, as `sentry-cli` sends them."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="in_commits")
    commit = models.ForeignKey(Commit, on_delete=models.CASCADE, related_name="in_releases")
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "commit"], name="commit_of_release")]
        ordering = ["position"]


class CommitFile(models.Model):
    """A file that a commit touched. `change` is A, M or D: added, modified, deleted."""

    commit = models.ForeignKey(Commit, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=510)
    change = models.CharField(max_length=1, default="M")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["commit", "path"], name="file_of_commit")]


class Deploy(models.Model):
    """That a release went to an environment."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="deploys")
    environment = models.CharField(max_length=64)
    name = models.CharField(max_length=64, blank=True)
    url = models.CharField(max_length=500, blank=True)
    started_at = EpochField(null=True)
    finished_at = EpochField(db_index=True)

    class Meta:
        ordering = ["-finished_at", "-id"]

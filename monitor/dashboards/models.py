"""Whom errors met, and the links by which people without a log-in look at a dashboard."""

from django.conf import settings
from django.db import models

from monitor.epoch import EpochField


class AffectedUser(models.Model):
    """That a user met an error in an hour (hours since 1970, of the error's own time). The user is a keyed hash."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    hour = models.PositiveIntegerField()
    environment = models.CharField(max_length=64, blank=True)
    user = models.BinaryField(max_length=8, help_text="the user's hash, the same as of events")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "hour", "environment", "user"], name="one_affected_user"
            )
        ]
        indexes = [
            models.Index(fields=["user"], name="affected_by_user"),
            models.Index(fields=["hour"], name="affected_by_age"),
        ]


class SharedLink(models.Model):
    """Whoever has the token sees one dashboard of some projects until it expires or is revoked: figures, no names.

    The token itself is not kept: of a copy of the database nobody can make an address.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    dashboard = models.CharField(max_length=60, help_text="its name in [dashboards]")
    projects = models.ManyToManyField("projects.Project", related_name="+")
    environment = models.CharField(max_length=64, blank=True)
    period = models.CharField(max_length=4, help_text="a key of monitor.site.filters.PERIODS")
    note = models.CharField(max_length=100, blank=True, help_text="for whom it is")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = EpochField()
    expires_at = EpochField()
    revoked_at = EpochField(null=True)

    class Meta:
        indexes = [models.Index(fields=["dashboard", "-made_at"], name="shared_link_list")]

    def __str__(self) -> str:
        return f"{self.dashboard}{f' for {self.note}' if self.note else ''}"

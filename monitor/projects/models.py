"""Projects and the keys of their DSNs."""

import secrets

from django.conf import settings
from django.db import models


def new_key() -> str:
    return secrets.token_hex(16)


class Project(models.Model):
    """What one DSN reports to. Its number stands at the end of the DSN."""

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    platform = models.CharField(max_length=50, default="python-django")
    created_at = models.DateTimeField(auto_now_add=True)
    retention_days = models.PositiveIntegerField(null=True, blank=True, help_text="unset: the strategy's")
    next_issue_number = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Key(models.Model):
    """A public key of a project; after each change `monitor.projects.publishing.publish()` tells the receiving end."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="keys")
    public_key = models.CharField(max_length=64, unique=True, default=new_key)
    label = models.CharField(max_length=100, default="Default")
    is_active = models.BooleanField(default=True)
    origins = models.JSONField(default=list, blank=True, help_text="web pages that may send; none: all")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.label} of {self.project}"

    @property
    def dsn(self) -> str:
        scheme, _, host = settings.PUBLIC_URL.partition("://")
        return f"{scheme}://{self.public_key}@{host}/{self.project_id}"

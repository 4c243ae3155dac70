"""Projects, who may do what in them, and what was done."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member may do; each role may do all that the ones after it may."""

    OWNER = "owner", _("Owner")  # delete the project, name managers
    MANAGER = "manager", _("Manager")  # edit and archive the project, its members
    ANALYST = "analyst", _("Analyst")  # upload data, run experiments
    VIEWER = "viewer", _("Viewer")  # look and download

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def may(self, needed: "Role") -> bool:
        """Whether a member with this role may do what `needed` is needed for."""
        return self.rank <= needed.rank


class Project(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=2000)
    synthetic = models.BooleanField(
        default=False, editable=False, help_text="Made by the demo world's generator"
    )
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="projects")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-updated_at", "id"]
        indexes = [
            models.Index(fields=["-updated_at", "id"], name="project_recent"),
            models.Index(fields=["name"], name="project_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("projects:detail", args=[self.id])


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.ANALYST)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.project_id}"


class Activity(models.Model):
    """A line in a project's history. Names are copied, so that it outlives what it is about."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="activities")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    verb = models.CharField(max_length=40, help_text="Past tense: created, uploaded, trained")
    subject_kind = models.CharField(max_length=20)
    subject_id = models.UUIDField(null=True)
    subject_name = models.CharField(max_length=255)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["project", "-at"], name="activity_recent")]
        verbose_name_plural = "activities"

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_kind} {self.subject_name}"

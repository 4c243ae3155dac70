"""Users with one of three roles, projects they may see, tokens of scripts, and who did what."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class Role(models.TextChoices):
    """Of the whole monitor. What a member or viewer sees are their projects; an admin sees all."""

    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").lower())


class User(AbstractBaseUser):
    """Logs in with an email address. `projects` counts for members and viewers only."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    is_active = models.BooleanField(default=True)
    theme = models.CharField(
        max_length=10, choices=[(one, one.title()) for one in ("system", "light", "dark")], default="system"
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)
    projects = models.ManyToManyField("projects.Project", related_name="users", blank=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def may_change(self) -> bool:
        return self.role in {Role.ADMIN, Role.MEMBER}


class ApiToken(models.Model):
    """A bearer token; only its SHA-256 is kept. `scopes` as Sentry names them: `project:read event:write …`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    last_characters = models.CharField(max_length=4)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} (…{self.last_characters})"


class AuditEntry(models.Model):
    """Who saw, changed or exported what. `target` is in words, and stays when the thing is gone."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    actor = models.CharField(max_length=200, help_text="the user's address, a token's name, or the process")
    action = models.CharField(
        max_length=60, db_index=True, help_text="issue.resolved, user.created, event.exported"
    )
    project = models.ForeignKey("projects.Project", null=True, on_delete=models.SET_NULL, related_name="+")
    target = models.CharField(max_length=300)
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"

    @property
    def details_words(self) -> list[tuple[str, str]]:
        """Names and values as a person reads them: `role: member → viewer`."""
        changed = self.details.get("changed")
        changed = changed if isinstance(changed, dict) else {}
        told = {**self.details, **changed}
        if changed:
            del told["changed"]
        return [(name, _words(value, is_change=name in changed)) for name, value in told.items()]


def _words(value: Any, *, is_change: bool = False) -> str:
    if is_change and isinstance(value, list) and len(value) == 2:
        return f"{_words(value[0])} → {_words(value[1])}"
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or "none"
    return "none" if value in (None, "") else str(value)


class FailedLogin(models.Model):
    """A log-in that failed, so that guessing can be slowed down. Whose and whence are hashes: a quarter of an hour's use."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    account = models.CharField(max_length=32)
    address = models.CharField(max_length=32)

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="failed_by_account"),
            models.Index(fields=["address", "at"], name="failed_by_address"),
        ]

"""What admins do with users. Each is one transaction with its line in the audit log."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from monitor.access import audit, tokens
from monitor.access.models import Role, User
from monitor.projects.models import Project


class LastAdminError(ValueError):
    """Without an admin, nobody could make one."""


@transaction.atomic
def invite(by: audit.Actor, email: str, *, name: str, role: str, projects: Iterable[Project]) -> User:
    """A user without a password; `password_link` lets them set it."""
    user = User.objects.create_user(email, name=name, role=role)
    user.projects.set(projects)
    audit.record(by, "user.created", user.email, role=role, projects=_slugs(user))
    return user


@transaction.atomic
def change(by: audit.Actor, user: User, *, name: str, role: str, projects: Iterable[Project]) -> None:
    """Raises LastAdminError. Takes effect with the user's next request."""
    before = _facts(user.pk)
    user.name, user.role = name, role
    _keep_an_admin(user)
    user.save(update_fields=["name", "role"])
    user.projects.set(projects)
    after = _facts(user.pk)
    changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if changed:
        audit.record(by, "user.changed", user.email, changed=changed)


@transaction.atomic
def set_active(by: audit.Actor, user: User, *, active: bool) -> None:
    """Closed accounts can't log in, their sessions end, and their tokens are gone. Raises LastAdminError."""
    user.is_active = active
    _keep_an_admin(user)
    user.save(update_fields=["is_active"])
    if not active:
        for token in user.tokens.select_related("user"):
            tokens.revoke(token, by)
    audit.record(by, "user.opened" if active else "user.closed", user.email)


@transaction.atomic
def reset_password(by: audit.Actor, user: User) -> None:
    """The old password counts no more and all sessions end; `password_link` lets them set a new one."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    audit.record(by, "password.reset", user.email)


def password_link(request: HttpRequest, user: User) -> str:
    """Works once, for three days (PASSWORD_RESET_TIMEOUT): whoever has it sets the password."""
    path = reverse(
        "access:set_password",
        args=[urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)],
    )
    return request.build_absolute_uri(path)


def _keep_an_admin(user: User) -> None:
    if user.is_active and user.is_admin:
        return
    if not User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=user.pk).exists():
        raise LastAdminError(f"{user} is the only admin. Make another user an admin first.")


def _slugs(user: User) -> list[str]:
    return sorted(user.projects.values_list("slug", flat=True))


def _facts(pk: int) -> dict[str, Any]:
    user = User.objects.get(pk=pk)
    return {"name": user.name, "role": user.role, "projects": _slugs(user)}

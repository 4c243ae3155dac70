"""The log of who saw, changed or exported what. Written in the same transaction as what it tells of."""

from typing import Any

from django.http import HttpRequest

from monitor.access.models import ApiToken, AuditEntry, User
from monitor.projects.models import Project

Actor = HttpRequest | User | ApiToken | str
"""Who did it: the request's user, a user, a token, or the name of a process (`retention`, `prepare`)."""


def record(
    actor: Actor, action: str, target: object, project: Project | None = None, **details: Any
) -> AuditEntry:
    """`action` is `noun.done` (`issue.resolved`); `target` is kept in words. `details` must be plain JSON, no secrets."""
    user, name = _who(actor)
    return AuditEntry.objects.create(
        user=user, actor=name[:200], action=action, project=project, target=str(target)[:300], details=details
    )


def user_behind(actor: Actor) -> User | None:
    """The person: of a request, or of a token. None for a process."""
    return _who(actor)[0]


def _who(actor: Actor) -> tuple[User | None, str]:
    if isinstance(actor, HttpRequest):
        actor = actor.user if isinstance(actor.user, User) else "anonymous"
    if isinstance(actor, User):
        return actor, actor.email
    if isinstance(actor, ApiToken):
        return actor.user, f"{actor.user.email}, token {actor}"
    return None, actor

"""A monitor that was never used: its first project with a DSN, and somebody who may log in. Twice does no harm."""

import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from monitor import environment as env
from monitor.access import audit, tokens
from monitor.access.models import Role, User
from monitor.projects.models import Key, Project

DEMO_ADMIN = ("operator@hydroml.example", "Olga Operator")
DEMO_PASSWORD = "demo-hydroml"  # noqa: S105 (printed by the demo, which listens on this machine only)
DRILL_SCOPES = (
    "event:read", "project:read", "project:releases", "org:read", "alerts:read", "metrics:read",
)  # fmt: skip
"""What a fire drill reads, and that it tells of a release and its deploy."""
_BY = "prepare"
_NAMES = {"hydroml": "HydroML"}


@transaction.atomic
def first_project() -> Key:
    """The project of MONITOR_PROJECT with the key of MONITOR_DSN_KEY, or with whichever it has; made if missing.

    The very first gets the number 1, so that a DSN can be written before there is a database. Raises
    ImproperlyConfigured for a slug or key that is none.
    """
    slug = env.text("MONITOR_PROJECT", "hydroml")
    if not re.fullmatch(r"[a-z0-9_-]{1,50}", slug):
        raise ImproperlyConfigured(f"MONITOR_PROJECT={slug!r} must be small letters, digits, - and _.")
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        number = None if Project.objects.exists() else 1
        project = Project.objects.create(id=number, slug=slug, name=_NAMES.get(slug, slug))
        audit.record(_BY, "project.created", slug, project)
    return _key_of(project)


def _key_of(project: Project) -> Key:
    wanted = env.text("MONITOR_DSN_KEY").lower()
    if not wanted:
        found = project.keys.filter(is_active=True).order_by("pk").first()
        return found or project.keys.create()
    if not re.fullmatch(r"[0-9a-f]{32}", wanted):
        raise ImproperlyConfigured("MONITOR_DSN_KEY must be 32 hexadecimal digits.")
    known = Key.objects.filter(public_key=wanted).select_related("project").first()
    if known is None:
        label = "Default" if not project.keys.exists() else "MONITOR_DSN_KEY"
        known = project.keys.create(public_key=wanted, label=label)
        audit.record(_BY, "key.created", known, project, key=f"{wanted[:8]}…")
    elif known.project_id != project.pk:
        raise ImproperlyConfigured(
            f"MONITOR_DSN_KEY is a key of the project {known.project.slug}, not of {project.slug}."
        )
    return known


@transaction.atomic
def first_admin() -> User | None:
    """The admin of MONITOR_ADMIN_EMAIL and MONITOR_ADMIN_PASSWORD, made if there is no such user; None if unset.

    Whoever is there already keeps password and role. Raises ImproperlyConfigured for one variable without the other.
    """
    email, password = env.text("MONITOR_ADMIN_EMAIL").lower(), env.text("MONITOR_ADMIN_PASSWORD")
    if not email and not password:
        return None
    if "@" not in email or not password:
        raise ImproperlyConfigured(
            "MONITOR_ADMIN_EMAIL and MONITOR_ADMIN_PASSWORD belong together: an address and a password."
        )
    return _admin(email, password, email.partition("@")[0])


@transaction.atomic
def demo_admin() -> User:
    """Whose password everybody knows: for a machine that only its owner reaches."""
    email, name = DEMO_ADMIN
    return _admin(email, DEMO_PASSWORD, name)


@transaction.atomic
def drill_token(user: User, file: Path) -> None:
    """A token for `manage.py firedrill` in a file that this user alone can read; one that is good stays."""
    if file.exists() and tokens.authenticate(file.read_text().strip()):
        return
    _, bearer = tokens.create(user, "Fire drill", DRILL_SCOPES)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(bearer)


def _admin(email: str, password: str, name: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, password, name=name, role=Role.ADMIN)
        audit.record(_BY, "user.created", user.email, role=user.role)
    return user

"""Links by which people without a log-in see a dashboard: made, found, revoked, each time with a line in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from monitor.access import audit
from monitor.access.models import User
from monitor.access.permissions import Someone, visible_projects
from monitor.dashboards.models import SharedLink
from monitor.projects.models import Project
from monitor.site.filters import DEFAULT_PERIOD, PERIODS

LIFETIMES = {1: "a day", 7: "a week", 30: "30 days", 90: "90 days"}
"""Days, and in words."""


@transaction.atomic
def share(
    request: HttpRequest,
    dashboard: str,
    projects: Sequence[Project],
    *,
    environment: str,
    period: str,
    days: int,
    note: str = "",
) -> tuple[SharedLink, str]:
    """The link, and its token: this is the only time that anybody can see it. Raises ValueError for a lifetime that
    is none of LIFETIMES, or for no project."""
    if days not in LIFETIMES or not projects:
        raise ValueError("A link needs a lifetime of those that there are, and a project.")
    token, now = token_urlsafe(32), timezone.now()
    link = SharedLink.objects.create(
        token_hash=_hash(token),
        dashboard=dashboard,
        environment=environment[:64],
        period=period if period in PERIODS else DEFAULT_PERIOD,
        note=note.strip()[:100],
        made_by=request.user if isinstance(request.user, User) else None,
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    link.projects.set(projects)
    audit.record(request, "dashboard.shared", link, projects[0] if len(projects) == 1 else None, days=days,
                 projects=[project.slug for project in projects])  # fmt: skip
    return link, token


@transaction.atomic
def revoke(request: HttpRequest, link: SharedLink) -> None:
    """At once, and once."""
    revoked = SharedLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now())
    if revoked:
        audit.record(request, "dashboard.share_revoked", link)


def link_for(token: str) -> SharedLink | None:
    """None for a token that never was, has expired, or was revoked: the three cannot be told apart."""
    found = SharedLink.objects.filter(token_hash=_hash(token), revoked_at=None, expires_at__gt=timezone.now())
    return found.prefetch_related("projects").first()


def visible_links(user: Someone) -> QuerySet[SharedLink]:
    """Those that are still good, of projects of which the user may see all."""
    hidden = Project.objects.exclude(pk__in=visible_projects(user).values("pk"))
    found = SharedLink.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
    return (
        found.exclude(projects__in=hidden)
        .select_related("made_by")
        .prefetch_related("projects")
        .order_by("-made_at")
    )


def forget_old(now: float) -> None:
    """The clock job: links that nobody can follow any more, after a month in which one may still ask about them."""
    SharedLink.objects.filter(expires_at__lt=now - 30 * 86_400).delete()


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()

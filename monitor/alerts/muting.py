"""Muting: for a time nobody is told of a rule, or of one of its keys. Its episodes are kept; what still holds when the time
is over is told then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from monitor.access.audit import record
from monitor.access.models import User
from monitor.alerts.models import Mute
from monitor.projects.models import Project

REASON_MAX = 300
LONGEST_S = 90 * 86400
"""A rule that is of no use for longer should be changed, or taken out, where all can see it: in the strategy."""


class MuteError(ValueError):
    """What cannot be muted, in words for who asked."""


def mute(
    rule: str,
    *,
    by: User,
    until: float,
    reason: str,
    now: float,
    project: Project | None = None,
    key: str = "",
) -> Mute:
    """`project` None: in all of them. Times are seconds since 1970. Raises MuteError."""
    if not reason.strip():
        raise MuteError("Say why: whoever wonders at the silence reads it.")
    if not now < until <= now + LONGEST_S:
        raise MuteError("Mute for 90 days at most; what is of no use for longer is changed in the strategy.")
    with transaction.atomic():
        made = Mute.objects.create(
            rule=rule,
            key=key[:250],
            project=project,
            until=datetime.fromtimestamp(until, UTC),
            reason=reason.strip()[:REASON_MAX],
            by=by,
            made_at=datetime.fromtimestamp(now, UTC),
        )
        record(by, "alert_rule.muted", rule, project, until=until, reason=made.reason, key=key)
    return made


def lift(found: Mute, *, by: User, now: float) -> None:
    """Before its time."""
    with transaction.atomic():
        changed = Mute.objects.filter(pk=found.pk, lifted_at__isnull=True, until__gt=now).update(
            lifted_at=now, lifted_by=by
        )
        if changed:
            record(by, "alert_rule.unmuted", found.rule, found.project)


def mutes_at(now: float) -> QuerySet[Mute]:
    """Those that hold at `now`, the one that lasts longest first."""
    return Mute.objects.filter(until__gt=now, made_at__lte=now, lifted_at__isnull=True).order_by("-until")


def mute_of(mutes: Iterable[Mute], rule: str, project_id: int | None, key: str) -> Mute | None:
    """The one of `mutes` that silences this."""
    for one in mutes:
        of_project = one.project_id is None or one.project_id == project_id
        if one.rule == rule and of_project and one.key in ("", key):
            return one
    return None


def mutes_of(rule: str, projects: Iterable[Project]) -> QuerySet[Mute]:
    """Of a rule in these projects, the newest first, with their people: for its page."""
    of_projects = Q(project__in=list(projects)) | Q(project__isnull=True)
    found = Mute.objects.filter(of_projects, rule=rule).select_related("by", "lifted_by", "project")
    return found.annotate(over_at=F("lifted_at")).order_by("-made_at", "-pk")

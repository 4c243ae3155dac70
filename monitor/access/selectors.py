"""What the pages about people read."""

from datetime import datetime

from django.db.models import Count, Max, QuerySet

from monitor.access.models import AuditEntry, User

ACTIONS_SHOWN = 200


def users(words: str = "") -> QuerySet[User]:
    """With `token_count` and `token_used_at`; those who can't log in last."""
    found = User.objects.annotate(
        token_count=Count("tokens", distinct=True), token_used_at=Max("tokens__last_used_at")
    ).prefetch_related("projects")
    if words:
        found = found.filter(email__icontains=words) | found.filter(name__icontains=words)
    return found.order_by("-is_active", "email")


def audit_entries(
    *,
    since: datetime,
    until: datetime,
    actor: str = "",
    action: str = "",
    project_ids: list[int] | None = None,
) -> QuerySet[AuditEntry]:
    """Newest first. `actor` is part of an address or a name; `action` one action, or `issue.` for all of its kind."""
    found = AuditEntry.objects.filter(at__gte=since, at__lte=until).select_related("user", "project")
    if actor:
        found = found.filter(actor__icontains=actor)
    if action.endswith("."):
        found = found.filter(action__startswith=action)
    elif action:
        found = found.filter(action=action)
    if project_ids is not None:
        found = found.filter(project__in=project_ids)
    return found.order_by("-at", "-pk")


def audited_actions() -> list[str]:
    """What has ever been written, for the filter."""
    return list(
        AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct()[:ACTIONS_SHOWN]
    )

"""What pages read of projects."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from projects.models import Activity, Membership, Project

SORTS = {
    "recent": ("-updated_at", "id"),
    "name": ("name", "id"),
    "oldest": ("created_at", "id"),
}


def _count_of(relation: str) -> Coalesce:
    """How many rows of the related table belong to the project: one look into an index, no join."""
    related = Project._meta.get_field(relation).related_model
    rows = related._default_manager.filter(project=OuterRef("pk")).order_by()  # type: ignore[union-attr]
    counts = rows.values("project").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


def project_list(
    user: User | AnonymousUser, *, query: str = "", archived: bool = False, sort: str = "recent"
) -> QuerySet[Project]:
    """The user's projects with `role`, `source_count`, `experiment_count` and `member_count`."""
    mine = Membership.objects.filter(user=user.pk, project=OuterRef("pk")).values("role")
    projects = Project.objects.filter(members=user.pk, archived_at__isnull=not archived)
    if query:
        projects = projects.filter(Q(name__icontains=query) | Q(description__icontains=query))
    return projects.annotate(
        role=Subquery(mine),
        source_count=_count_of("data_sources"),
        experiment_count=_count_of("experiments"),
        member_count=_count_of("memberships"),
    ).order_by(*SORTS.get(sort, SORTS["recent"]))


def members_of(project: Project) -> QuerySet[Membership]:
    """Members with their users, owners first."""
    return project.memberships.select_related("user").order_by("created_at")


def activity_of(project: Project) -> QuerySet[Activity]:
    """What happened, newest first, with who did it."""
    return project.activities.select_related("actor")

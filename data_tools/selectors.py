"""What pages read of data sources."""

import uuid
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower
from django.http import Http404

from accounts.models import User
from data_tools.models import DataSource
from jobs.models import Job
from projects.models import Project, Role
from projects.permissions import require, visible_project_ids

# The second field of each follows its index, so that an order read backwards is the same index read backwards.
SORTS: dict[str, tuple[str | Combinable, ...]] = {
    "-created": ("-created_at", "id"),
    "created": ("created_at", "-id"),
    "name": (Lower("name"), "id"),
    "-name": (Lower("name").desc(), "-id"),
    "-rows": ("-rows", "id"),
    "rows": ("rows", "-id"),
}
DEFAULT_SORT = "-created"
# What a list shows. Reading no more of each row and of those joined to it is a third of the time to read a page.
_LISTED = (
    "name",
    "synthetic",
    "created_at",
    "parquet_path",
    "rows",
    "first_date",
    "last_date",
    "time_step",
    "warnings",
    "project__name",
    "job__state",
)
STATES = {
    "ready": (Job.State.SUCCEEDED,),
    "processing": (Job.State.QUEUED, Job.State.RUNNING),
    "failed": (Job.State.FAILED,),
    "cancelled": (Job.State.CANCELLED,),
}


def source_list(
    user: User | AnonymousUser,
    *,
    project: Project | None = None,
    query: str = "",
    state: str = "",
    sort: str = DEFAULT_SORT,
) -> QuerySet[DataSource]:
    """The data sources of one project, or of all that the user is a member of, with what a list shows of them.

    The caller has asked for permission when it gives the project.
    """
    sources = DataSource.objects.select_related("job", "project").only(*_LISTED)
    mine = Q(project__in=visible_project_ids(user)) if project is None else Q(project=project)
    sources = sources.filter(mine)
    if query:
        sources = sources.filter(name__icontains=query)
    if state in STATES:
        sources = sources.filter(job__state__in=STATES[state])
    return sources.order_by(*SORTS.get(sort, SORTS[DEFAULT_SORT]))


def source_for(
    user: User | AnonymousUser, source_id: uuid.UUID, needed: Role = Role.VIEWER
) -> tuple[DataSource, Role]:
    """The data source and the user's role in its project. Raises Http404 for a stranger, PermissionDenied."""
    source = (
        DataSource.objects.select_related("job", "project", "uploaded_by", "weather_import")
        .filter(pk=source_id)
        .first()
    )
    if source is None:
        raise Http404("No data source has this address.")
    return source, require(user, source.project_id, needed)


def may_delete(source: DataSource, user: User, role: Role) -> bool:
    """Managers delete all, analysts what they have uploaded themselves."""
    return role.may(Role.MANAGER) or (role.may(Role.ANALYST) and source.uploaded_by_id == user.pk)


def same_content(project: Project, sha256: str) -> DataSource | None:
    """The newest data source of the project that was uploaded with exactly these bytes, and kept."""
    same = DataSource.objects.filter(project=project, sha256=sha256).exclude(upload_path="")
    return same.select_related("job").defer("result").first()


def experiments_using(source: DataSource) -> QuerySet[Any]:
    """Experiments that were made with the data source, newest first; while there are any it can't be deleted."""
    return source.experiments.only("id", "name", "created_at").order_by("-created_at")


def projects_to_upload_to(user: User) -> QuerySet[Project]:
    """Projects, not archived, to which the user may add data; last changed first."""
    roles = [role for role in Role if role.may(Role.ANALYST)]
    return Project.objects.filter(
        archived_at=None, memberships__user=user, memberships__role__in=roles
    ).order_by("-updated_at", "id")

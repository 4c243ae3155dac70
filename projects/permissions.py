"""Who may see and do what: the one place that decides. A stranger gets 404, a member with too small a role 403."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from projects.models import Membership, Project, Role


def role_in(user: User | AnonymousUser, project_id: UUID) -> Role | None:
    """The user's role in the project, or None for a stranger. One query."""
    if not user.is_authenticated:
        return None
    role = Membership.objects.filter(user=user.pk, project=project_id).values_list("role", flat=True).first()
    return Role(role) if role else None


def require(user: User | AnonymousUser, project_id: UUID, needed: Role = Role.VIEWER) -> Role:
    """The user's role when it suffices. Raises Http404 for a stranger, PermissionDenied for too small a role."""
    role = role_in(user, project_id)
    if role is None:
        raise Http404("No project of yours has this address.")
    if not role.may(needed):
        raise PermissionDenied(
            _("This needs the role “%(needed)s”; yours is “%(own)s”.")
            % {"needed": needed.label, "own": role.label}
        )
    return role


def project_for(
    user: User | AnonymousUser, project_id: UUID, needed: Role = Role.VIEWER
) -> tuple[Project, Role]:
    """The project and the user's role in it. Raises as `require` does."""
    role = require(user, project_id, needed)
    return Project.objects.get(pk=project_id), role


def may_work(project: Project, role: Role) -> bool:
    """Whether a member with this role may add and change work in it: an archived project changes no more."""
    return role.may(Role.ANALYST) and project.archived_at is None


def refuse_archived(project: Project, *, adding: bool = False) -> None:
    """Raises PermissionDenied when the project is archived; `adding`: it says that data may be added afterwards."""
    if project.archived_at is not None:
        raise PermissionDenied(
            _("The project is archived. Restore it first, then add data.")
            if adding
            else _("The project is archived. Restore it first.")
        )


def visible_project_ids(user: User | AnonymousUser) -> QuerySet[Membership, UUID]:
    """Ids of the projects that the user is a member of, as a subquery."""
    return Membership.objects.filter(user=user.pk).values_list("project_id", flat=True)

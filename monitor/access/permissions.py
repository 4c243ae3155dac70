"""Who may see which project, and who may change anything. Every page and every API endpoint asks here."""

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from monitor.access.models import Role, User
from monitor.projects.models import Project

Someone = User | AnonymousUser


def visible_projects(user: Someone) -> QuerySet[Project]:
    """All for an admin, their own for members and viewers, none for anybody else."""
    if not isinstance(user, User) or not user.is_active:
        return Project.objects.none()
    if user.is_admin:
        return Project.objects.all()
    return Project.objects.filter(users=user)


def able_to_change(projects: Collection[int]) -> QuerySet[User]:
    """Who may see one of these projects, by id, and change something in it: whom its issues can be given to."""
    able = User.objects.filter(is_active=True).exclude(role=Role.VIEWER)
    seeing = able.filter(role=Role.ADMIN) | able.filter(projects__in=projects)
    return seeing.distinct().order_by("name", "email")


def project_for(user: Someone, slug: str) -> Project:
    """Raises Http404 for a stranger as for a project that does not exist: the two cannot be told apart."""
    project = visible_projects(user).filter(slug=slug).first()
    if project is None:
        raise Http404(f"You have no project {slug}.")
    return project


def require_change(user: Someone) -> None:
    """Raises PermissionDenied for viewers."""
    if not isinstance(user, User) or not user.may_change:
        raise PermissionDenied("Viewers look and change nothing. An admin can make you a member.")


def require_admin(user: Someone) -> None:
    """Raises PermissionDenied for everybody but admins."""
    if not isinstance(user, User) or not user.is_admin:
        raise PermissionDenied("This is for admins.")

"""The organization, its people, and who asks."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from monitor.access.models import Role, User
from monitor.api.calls import Call
from monitor.api.errors import not_found
from monitor.api.parameters import number_in
from monitor.api.routing import operation
from monitor.api.schemas import define
from monitor.api.shapes import organization as shapes
from monitor.issues.models import TagValue
from monitor.projects.models import Project

_ORGANIZATION = "organizations/{organization_id_or_slug}/"
ENVIRONMENT = define("Environment", {"id": "str", "name": "str"})
PROJECT_ENVIRONMENT = define("ProjectEnvironment", {"id": "str", "name": "str", "isHidden": "bool"})


@operation("GET", "", scopes=(), summary="Who the token is", answer=shapes.ROOT_INFORMATION)
def who_asks(call: Call) -> Any:
    return {"version": "0", "auth": {"scopes": sorted(call.scopes)}, "user": shapes.user(call.user)}


@operation(
    "GET",
    "organizations/",
    scopes=("org:read", "project:read", "org:ci"),
    summary="The organization, as a list of one",
    answer=f"[{shapes.ORGANIZATION}]",
    query=("cursor", "per_page"),
)
def list_organizations(call: Call) -> Any:
    return call.shaped([call.token], shapes.organization)


@operation(
    "GET",
    _ORGANIZATION,
    scopes=("org:read", "project:read", "org:ci"),
    summary="The organization",
    answer="Organization",
)
def organization(call: Call) -> Any:
    return shapes.organization(call.token)


@operation(
    "GET",
    f"{_ORGANIZATION}members/",
    scopes=("member:read",),
    summary="Users",
    answer=f"[{shapes.MEMBER}]",
    query=("cursor", "per_page"),
)
def list_members(call: Call) -> Any:
    return call.shaped(_people(call), shapes.member)


@operation(
    "GET",
    f"{_ORGANIZATION}members/{{member_id}}/",
    scopes=("member:read",),
    summary="A user",
    answer="Member",
)
def member(call: Call, member_id: str) -> Any:
    number = call.user.pk if member_id == "me" else number_in(member_id) or 0
    found = _people(call).filter(pk=number).first()
    if found is None:
        raise not_found(f"There is no user {member_id[:40]}, or not for you.")
    return shapes.member(found)


@operation(
    "GET",
    f"{_ORGANIZATION}users/",
    scopes=("member:read",),
    summary="Users, as an older form of the members",
    answer=f"[{shapes.MEMBER}]",
    query=("cursor", "per_page"),
)
def list_users(call: Call) -> Any:
    return call.shaped(_people(call), shapes.member)


@operation(
    "GET",
    f"{_ORGANIZATION}environments/",
    scopes=("org:read", "project:read"),
    summary="Environments that events came from",
    answer=f"[{ENVIRONMENT}]",
    query=("project",),
)
def list_environments(call: Call) -> Any:
    return [{"id": str(number), "name": name} for name, number in _environments(call.projects).items()]


@operation(
    "GET",
    "projects/{organization_id_or_slug}/{project_id_or_slug}/environments/",
    scopes=("project:read",),
    summary="Environments of a project",
    answer=f"[{PROJECT_ENVIRONMENT}]",
)
def list_project_environments(call: Call, project: Project) -> Any:
    found = _environments([project])
    return [{"id": str(number), "name": name, "isHidden": False} for name, number in found.items()]


def _environments(projects: list[Project]) -> dict[str, int]:
    rows = TagValue.objects.filter(project__in=projects, key="environment").order_by("value", "-pk")
    return dict(rows.values_list("value", "pk"))


def _people(call: Call) -> QuerySet[User]:
    """All for an admin; for others those with whom they share a project."""
    people = User.objects.filter(is_active=True).prefetch_related("projects").order_by("pk")
    if call.user.role == Role.ADMIN:
        return people
    shared = Q(projects__in=call.user.projects.all()) | Q(pk=call.user.pk)
    return people.filter(shared).distinct()

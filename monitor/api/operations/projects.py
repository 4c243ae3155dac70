"""Projects and their keys."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError

from monitor.access.permissions import visible_projects
from monitor.api.calls import Call
from monitor.api.errors import ApiError, field_error, not_found
from monitor.api.routing import operation
from monitor.api.schemas import define
from monitor.api.shapes import project as shapes
from monitor.api.shapes.project import Facts
from monitor.issues.models import TagValue
from monitor.projects import services
from monitor.projects.forms import ProjectForm
from monitor.projects.models import Key, Project

_ONE = "projects/{organization_id_or_slug}/{project_id_or_slug}/"
_READ = ("project:read", "project:releases", "org:read")
TAG_NAME = define("TagName", {"key": "str", "name": "str", "value": "str"})


@operation(
    "GET",
    "organizations/{organization_id_or_slug}/projects/",
    scopes=_READ,
    summary="Projects that you may see",
    answer=f"[{shapes.PROJECT}]",
    query=("query", "cursor", "per_page"),
)
def list_organization_projects(call: Call) -> Any:
    found = visible_projects(call.user).order_by("slug")
    for word in call.query("query").split():
        found = found.filter(slug__icontains=word) | found.filter(name__icontains=word)
    return _shaped(call, call.paged(found))


@operation(
    "GET",
    "projects/",
    scopes=_READ,
    summary="Projects that you may see, as an older form",
    answer=f"[{shapes.PROJECT}]",
    query=("cursor", "per_page"),
)
def list_projects(call: Call) -> Any:
    return _shaped(call, call.paged(visible_projects(call.user).order_by("slug")))


def _shaped(call: Call, projects: list[Project]) -> list[Any]:
    facts = Facts.of(projects)
    return [shapes.project(one, facts, call.token) for one in projects]


@operation(
    "POST",
    "organizations/{organization_id_or_slug}/projects/",
    scopes=("project:write",),
    summary="Make a project, with a first key; for admins",
    answer=shapes.PROJECT,
    status=201,
    body=shapes.NEW_PROJECT,
    other_statuses=(409,),
)
def create_project(call: Call) -> Any:
    if not call.user.is_admin:
        raise ApiError(403, "Projects are made by admins.")
    body = call.body
    name = body["name"]
    form = ProjectForm(
        {
            "name": name,
            "slug": body.get("slug") or _slug_of(name),
            "platform": _platform(body.get("platform") or "other"),
        }
    )
    slug = form.data["slug"]
    if Project.objects.filter(slug=slug).exists():
        raise ApiError(409, f"A project {slug} is there already.")
    if not form.is_valid():
        field, words = next(iter(form.errors.items()))
        raise field_error(field, str(words[0]))
    data = form.cleaned_data
    try:
        made = services.create_project(
            call.token, name=data["name"], slug=data["slug"], platform=data["platform"]
        )
    except IntegrityError as error:
        raise ApiError(409, f"A project {slug} is there already.") from error
    return shapes.project(made, Facts.of([made]), call.token)


def _slug_of(name: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return "-".join(part for part in kept.split("-") if part)[:50]


def _platform(name: str) -> str:
    """One that the set-up knows, as the form wants it: the platform chooses a text and nothing else."""
    known = [key for key, _ in ProjectForm.base_fields["platform"].choices]  # type: ignore[attr-defined]
    return name if name in known else ("other" if "other" in known else known[0])


@operation("GET", _ONE, scopes=_READ, summary="A project", answer=shapes.PROJECT_DETAIL)
def project(call: Call, project: Project) -> Any:
    return shapes.project_detail(project, call.token)


@operation(
    "PUT",
    _ONE,
    scopes=("project:write",),
    summary="Rename a project",
    answer=shapes.PROJECT_DETAIL,
    body=shapes.CHANGED_PROJECT,
)
def change_project(call: Call, project: Project) -> Any:
    name = call.body.get("name", project.name).strip()
    if not 1 <= len(name) <= 100:
        raise field_error("name", "It must have 1 to 100 characters.")
    services.change_project(
        call.token,
        project,
        name=name,
        platform=_platform(call.body["platform"]) if "platform" in call.body else project.platform,
        retention_days=project.retention_days,
    )
    return shapes.project_detail(project, call.token)


@operation(
    "GET",
    f"{_ONE}keys/",
    scopes=("project:read",),
    summary="Keys of a project, with their DSNs",
    answer=f"[{shapes.KEY}]",
    query=("cursor", "per_page"),
)
def list_keys(call: Call, project: Project) -> Any:
    return call.shaped(project.keys.order_by("pk"), shapes.key)


@operation(
    "POST",
    f"{_ONE}keys/",
    scopes=("project:write",),
    summary="Make a key",
    answer=shapes.KEY,
    status=201,
    body=shapes.NEW_KEY,
)
def create_key(call: Call, project: Project) -> Any:
    return shapes.key(
        services.create_key(call.token, project, label=_label(call.body.get("name", "Default")))
    )


@operation("GET", f"{_ONE}keys/{{key_id}}/", scopes=("project:read",), summary="A key", answer=shapes.KEY)
def key(call: Call, project: Project, key_id: str) -> Any:
    return shapes.key(_key(project, key_id))


@operation(
    "PUT",
    f"{_ONE}keys/{{key_id}}/",
    scopes=("project:write",),
    summary="Rename a key, or switch it off or on",
    answer=shapes.KEY,
    body=shapes.CHANGED_KEY,
)
def change_key(call: Call, project: Project, key_id: str) -> Any:
    found = _key(project, key_id)
    if "name" in call.body:
        services.change_key(call.token, found, label=_label(call.body["name"]), origins=found.origins)
    if "isActive" in call.body and call.body["isActive"] != found.is_active:
        services.switch_key(call.token, found, on=call.body["isActive"])
    return shapes.key(found)


def _label(name: str) -> str:
    label = name.strip()
    if not 1 <= len(label) <= 100:
        raise field_error("name", "It must have 1 to 100 characters.")
    return label


def _key(project: Project, name: str) -> Key:
    found = project.keys.filter(public_key=name).first()
    if found is None:
        raise not_found(f"{project.slug} has no key {name[:40]}.")
    return found


@operation(
    "GET",
    f"{_ONE}tags/{{key}}/values/",
    scopes=("project:read", "event:read"),
    summary="Values of a tag in a project",
    answer=f"[{TAG_NAME}]",
    query=("cursor", "per_page"),
)
def list_project_tag_values(call: Call, project: Project, key: str) -> Any:
    rows = TagValue.objects.filter(project=project, key=key).order_by("value")
    return call.shaped(rows, lambda one: {"key": one.key, "name": one.value, "value": one.value})

"""Projects: what reports here, with which keys, and how to set that up."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from monitor.access.permissions import project_for, require_admin, require_change, visible_projects
from monitor.projects import selectors, services
from monitor.projects.forms import KeyForm, ProjectForm
from monitor.projects.models import Key, Project
from monitor.projects.platforms import PLATFORMS, platform_of
from monitor.site.lists import page_of, searched


def projects(request: HttpRequest) -> HttpResponse:
    words = searched(request)
    found = visible_projects(request.user)
    if words:
        found = found.filter(name__icontains=words) | found.filter(slug__icontains=words)
    page = page_of(request, found.order_by("name", "pk"))
    context = {"page": page, "overviews": selectors.overviews(list(page)), "words": words}
    return render(request, "projects/list.html", context)


def new(request: HttpRequest) -> HttpResponse:
    require_admin(request.user)
    form = ProjectForm(request.POST or None)
    if request.method == "POST":
        # Whether the short name is taken is asked under the lock: the same form may have been sent twice at once.
        with transaction.atomic():
            if form.is_valid():
                data = form.cleaned_data
                project = services.create_project(
                    request, name=data["name"], slug=data["slug"], platform=data["platform"]
                )
                return redirect("projects:setup", slug=project.slug)
    return render(request, "projects/new.html", {"form": form}, status=422 if form.errors else 200)


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_for(request.user, slug)
    context = {
        "project": project,
        "overview": selectors.overviews([project])[0],
        "keys": project.keys.order_by("-is_active", "pk"),
        "waiting": not selectors.has_arrived(project),
    }
    return render(request, "projects/detail.html", context)


def edit(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_for(request.user, slug)
    require_change(request.user)
    form = ProjectForm(request.POST or None, instance=project)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        services.change_project(
            request,
            project,
            name=data["name"],
            platform=data["platform"],
            retention_days=data["retention_days"],
        )
        messages.success(request, f"{project} is changed.")
        return redirect("projects:detail", slug=slug)
    context = {"project": project_for(request.user, slug), "form": form}
    return render(request, "projects/edit.html", context, status=422 if form.errors else 200)


def setup(request: HttpRequest, slug: str) -> HttpResponse:
    """`?platform=` chooses the snippet, `?key=` whose DSN stands in it."""
    project = project_for(request.user, slug)
    keys = list(project.keys.filter(is_active=True).order_by("pk"))
    wanted = request.GET.get("key", "")
    key = next((one for one in keys if str(one.pk) == wanted), keys[0] if keys else None)
    platform = platform_of(request.GET.get("platform") or project.platform)
    context = {
        "project": project,
        "platforms": PLATFORMS,
        "platform": platform,
        "keys": keys,
        "key": key,
        "steps": platform.with_dsn(key.dsn) if key else [],
        "waiting": not selectors.has_arrived(project),
        "issue": selectors.first_issue(project),
    }
    return render(request, "projects/setup.html", context)


@never_cache
def arrived(request: HttpRequest, slug: str) -> JsonResponse:
    """Asked again and again by a page that waits for the first event."""
    return JsonResponse({"changed": selectors.has_arrived(project_for(request.user, slug))})


def key_new(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_for(request.user, slug)
    require_change(request.user)
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = services.create_key(request, project, **form.cleaned_data)
        messages.success(request, f"{key.label} is a key now; it lets in from the next second on.")
        return redirect("projects:detail", slug=slug)
    return _key_page(request, project, form)


def key_edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project, key = _key_of(request, slug, pk)
    form = KeyForm(request.POST or None, instance=key)
    if request.method == "POST" and form.is_valid():
        services.change_key(request, key, **form.cleaned_data)
        messages.success(request, f"{key.label} is changed.")
        return redirect("projects:detail", slug=slug)
    return _key_page(request, project, form)


@require_POST
def key_switch(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """`on=1` lets it in again, anything else keeps it out."""
    _, key = _key_of(request, slug, pk)
    on = request.POST.get("on") == "1"
    services.switch_key(request, key, on=on)
    messages.success(request, f"{key.label} is {'on' if on else 'off: what sends with it is refused'}.")
    return redirect("projects:detail", slug=slug)


def _key_of(request: HttpRequest, slug: str, pk: int) -> tuple[Project, Key]:
    project = project_for(request.user, slug)
    require_change(request.user)
    return project, get_object_or_404(Key, pk=pk, project=project)


def _key_page(request: HttpRequest, project: Project, form: Any) -> HttpResponse:
    return render(
        request, "projects/key.html", {"project": project, "form": form}, status=422 if form.errors else 200
    )

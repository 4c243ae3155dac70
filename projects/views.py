"""Pages of projects. Each view parses, calls and answers; who may is decided in permissions.py."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from core.errors import UserInputError
from projects import selectors, services
from projects.forms import DeleteProjectForm, MemberForm, ProjectForm
from projects.listing import COUNTED, BoundedPaginator, bounded_count, searched
from projects.models import Membership, Role
from projects.permissions import may_work, project_for


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page: what this is and where to click."""
    return render(request, "home.html", {"max_mb": settings.UPLOAD_MAX_BYTES // 2**20})


@login_required
@require_safe
def project_list(request: SignedInRequest) -> HttpResponse:
    """The user's projects; search, archive, sort and page are in the address."""
    query = searched(request)
    archived = request.GET.get("archived") == "1"
    sort = request.GET.get("sort", "recent")
    projects = selectors.project_list(request.user, query=query, archived=archived, sort=sort)
    context = {
        "page": BoundedPaginator(projects).get_page(request.GET.get("page")),
        "query": query,
        "archived": archived,
        "sort": sort if sort in selectors.SORTS else "recent",
    }
    return render(request, "projects/list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: SignedInRequest) -> HttpResponse:
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = services.create_project(owner=request.user, **form.cleaned_data)
        return redirect(project)
    return render(request, "projects/form.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_safe
def detail(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """The project's data sources, experiments and what happened last."""
    project, role = project_for(request.user, project_id)
    context = {
        "project": project,
        "role": role,
        "may_edit": role.may(Role.MANAGER),
        "may_work": may_work(project, role),
        "sources": project.data_sources.select_related("job").defer("result")[:10],
        "experiments": project.experiments.select_related("job", "source").defer("result", "source__result")[
            :10
        ],
        "activities": selectors.activity_of(project)[:8],
        "source_count": bounded_count(project.data_sources.all()),
        "experiment_count": bounded_count(project.experiments.all()),
        "counted": COUNTED,
    }
    return render(request, "projects/detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project, role = project_for(request.user, project_id, Role.MANAGER)
    form = ProjectForm(request.POST or None, instance=project)
    if request.method == "POST" and form.is_valid():
        form.save()
        services.record_activity(
            project,
            actor=request.user,
            verb="edited",
            kind="project",
            name=project.name,
            subject_id=project.id,
        )
        messages.success(request, _("Saved."))
        return redirect(project)
    context = {"form": form, "project": project, "role": role, "may_delete": role.may(Role.OWNER)}
    return render(request, "projects/form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def archive(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """Put aside, or take back, by the field `archived` (1 or 0)."""
    project, _role = project_for(request.user, project_id, Role.MANAGER)
    archived = request.POST.get("archived") == "1"
    services.set_archived(project, archived=archived, actor=request.user)
    messages.success(
        request,
        _("Archived. It is under “Archived” and can be restored.") if archived else _("Restored."),
    )
    return redirect("projects:list" if archived else project)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """Delete the project with all that is in it, after its name was typed."""
    project, _role = project_for(request.user, project_id, Role.OWNER)
    form = DeleteProjectForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        services.delete_project(project)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": project.name})
        return redirect("projects:list")
    context = {
        "form": form,
        "project": project,
        "source_count": project.data_sources.count(),
        "experiment_count": project.experiments.count(),
    }
    return render(request, "projects/delete.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "POST"])
def members(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """Who may do what; managers add analysts and viewers, owners everybody."""
    project, role = project_for(
        request.user, project_id, Role.VIEWER if request.method == "GET" else Role.MANAGER
    )
    form = MemberForm(request.POST or None, roles=services.roles_to_give(role))
    if request.method == "POST" and form.is_valid():
        new_role = Role(form.cleaned_data["role"])
        try:
            services.change_member(
                project, user=form.cleaned_data["email"], role=new_role, actor=request.user, actor_role=role
            )
        except UserInputError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("projects:members", project.id)
    context = {
        "form": form,
        "project": project,
        "members": selectors.members_of(project),
        "role": role,
        "may_manage": role.may(Role.MANAGER),
    }
    return render(request, "projects/members.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def remove_member(request: SignedInRequest, project_id: UUID, membership_id: int) -> HttpResponse:
    """End a membership; anybody may end their own."""
    project, role = project_for(request.user, project_id)
    member = get_object_or_404(Membership.objects.select_related("user"), pk=membership_id, project=project)
    leaving = member.user_id == request.user.pk
    if not leaving and (not role.may(Role.MANAGER) or not role.may(Role(member.role))):
        raise PermissionDenied(_("Only a manager may remove members, and only an owner may remove an owner."))
    try:
        services.remove_member(member, actor=request.user)
    except UserInputError as error:
        messages.error(request, str(error))
        return redirect("projects:members", project.id)
    messages.success(request, _("You have left the project.") if leaving else _("Removed."))
    return redirect("projects:list") if leaving else redirect("projects:members", project.id)


@login_required
@require_safe
def activity(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project, _role = project_for(request.user, project_id)
    page = Paginator(selectors.activity_of(project), 50).get_page(request.GET.get("page"))
    return render(request, "projects/activity.html", {"project": project, "page": page})

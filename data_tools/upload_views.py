"""The upload page: who may, then the stream, then the form. In that order, so that nobody else's bytes are stored."""

from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.http import SignedInRequest
from data_tools import selectors, services
from data_tools.arriving import Arrival, discard_held, keep_held, take_in
from data_tools.forms import UploadForm
from data_tools.models import DataSource
from data_tools.uploads import MAX_FILES, StreamToIncoming, drain
from projects.listing import BoundedPaginator
from projects.models import Project, Role
from projects.permissions import project_for, refuse_archived


@login_required
@require_safe
def choose_project(request: SignedInRequest) -> HttpResponse:
    """Where to upload to, when no project was said. With one project there is nothing to choose."""
    page = BoundedPaginator(selectors.projects_to_upload_to(request.user)).get_page(request.GET.get("page"))
    if page.paginator.count == 1:
        return redirect("data:upload", page.object_list[0].id)
    return render(request, "data_tools/choose_project.html", {"page": page})


@csrf_exempt  # the inner view checks the token, once it is known that this person's bytes may be stored at all
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """One file or several into a project. A refused file leaves nothing; the others are kept."""
    if not request.user.is_authenticated:
        drain(request)
        return redirect_to_login(request.get_full_path())
    return _stream(cast("SignedInRequest", request), project_id)


def _stream(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project, role = project_for(request.user, project_id, Role.ANALYST)
    refuse_archived(project, adding=True)
    stream = StreamToIncoming(request)
    request.upload_handlers = [stream]
    try:
        response: HttpResponse = _upload(request, project, role, stream)
    finally:
        stream.upload_interrupted()
    return response


@csrf_protect
def _upload(request: SignedInRequest, project: Project, role: Role, stream: StreamToIncoming) -> HttpResponse:
    replaced = _replaced(request, project, role)
    if request.method != "POST":
        return _page(request, project, UploadForm(), Arrival(), replaced)
    if request.POST.get("keep") or request.POST.get("discard"):
        return _settle_held(request, project)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, project, form, Arrival(), replaced)
    name = form.cleaned_data["name"] or (replaced.name if replaced else "")
    arrival = take_in(project, request.FILES.getlist("file"), actor=request.user, name=name)  # type: ignore[arg-type]
    arrival.refused[:0] = stream.refused
    if not (arrival.accepted or arrival.refused or arrival.held):
        form.add_error("file", _("No file was chosen. Choose one, or drop it on the field."))
    if arrival.accepted and replaced is not None:
        services.delete_source(replaced, actor=request.user)
        replaced = None
    if form.errors or arrival.refused or arrival.held:
        return _page(request, project, form, arrival, replaced)
    return _to(request, _after(request, project, arrival.accepted))


def _replaced(request: SignedInRequest, project: Project, role: Role) -> DataSource | None:
    """The failed data source whose place a corrected file takes, as `?replaces=` says."""
    try:
        source_id = UUID(request.GET.get("replaces", ""))
    except ValueError:
        return None
    source = DataSource.objects.select_related("job", "project").filter(pk=source_id, project=project).first()
    if source is None or source.is_ready or source.job.is_active:
        return None
    return source if selectors.may_delete(source, request.user, role) else None


def _settle_held(request: SignedInRequest, project: Project) -> HttpResponse:
    for token in request.POST.getlist("discard"):
        discard_held(project, token, actor=request.user)
        messages.info(request, _("The second copy was not kept."))
    kept = []
    for token in request.POST.getlist("keep"):
        source = keep_held(project, token, actor=request.user)
        if source is None:
            messages.error(request, _("The file is no longer there. Upload it once more."))
            return _to(request, reverse("data:upload", args=[project.id]))
        kept.append(source)
    return _to(request, _after(request, project, kept))


def _after(request: HttpRequest, project: Project, accepted: list[DataSource]) -> str:
    if len(accepted) == 1:
        return accepted[0].get_absolute_url()
    if accepted:
        count = len(accepted)
        text = ngettext("%(count)s file was uploaded.", "%(count)s files were uploaded.", count)
        messages.success(request, text % {"count": count})
    return f"{reverse('data:list')}?project={project.id}"


def _to(request: HttpRequest, address: str) -> HttpResponse:
    return HttpResponseClientRedirect(address) if "HX-Request" in request.headers else redirect(address)


def _page(
    request: SignedInRequest,
    project: Project,
    form: UploadForm,
    arrival: Arrival,
    replaced: DataSource | None,
) -> HttpResponse:
    context = {
        "project": project,
        "form": form,
        "arrival": arrival,
        "replaced": replaced,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_mb": settings.UPLOAD_MAX_BYTES // 2**20,
        "max_files": MAX_FILES,
    }
    return render(request, "data_tools/upload.html", context, status=422 if form.is_bound else 200)

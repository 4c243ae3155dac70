"""Pages of data sources, uploads apart. Each view parses, calls and answers; who may is asked in selectors."""

from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from core.decorators import handle_view_errors
from core.errors import UserInputError
from data_tools import downloads, selectors, services
from data_tools.detail_page import Progress, detail_context
from data_tools.forms import RenameForm
from data_tools.models import DataSource
from data_tools.plot_rows import source_plot
from projects.listing import BoundedPaginator
from projects.models import Project, Role
from projects.permissions import may_work, project_for, refuse_archived

EXPERIMENTS_LISTED = 50


@login_required
@require_safe
def source_list(request: SignedInRequest) -> HttpResponse:
    """Data sources of all the user's projects, or of one; search, state, sort and page are in the address."""
    project, role = _project_asked_for(request)
    query = services.clean_name(request.GET.get("q", ""))
    state, sort = request.GET.get("state", ""), request.GET.get("sort", "")
    sources = selectors.source_list(request.user, project=project, query=query, state=state, sort=sort)
    context = {
        "page": BoundedPaginator(sources).get_page(request.GET.get("page")),
        "project": project,
        "show_project": project is None,
        "may_upload": role is None or (project and may_work(project, role)),
        "query": query,
        "state": state if state in selectors.STATES else "",
        "sort": sort if sort in selectors.SORTS else selectors.DEFAULT_SORT,
    }
    return render(request, "data_tools/list.html", context)


def _project_asked_for(request: SignedInRequest) -> tuple[Project | None, Role | None]:
    asked = request.GET.get("project", "")
    if not asked:
        return None, None
    try:
        return project_for(request.user, UUID(asked))
    except ValueError:
        raise Http404("No project has this address.") from None


@login_required
@require_safe
@csp_update({"style-src": ["'unsafe-inline'"]})  # type: ignore[arg-type]  # Bokeh draws nothing without inline styles
def detail(request: SignedInRequest, source_id: UUID) -> HttpResponse:
    """The data source in whatever state it is: at work, failed, cancelled, or with its plot, findings and rows."""
    source, role = selectors.source_for(request.user, source_id)
    row, start, end = _number(request, "row"), request.GET.get("at", ""), request.GET.get("to", "")
    context = detail_context(source, user=request.user, role=role, row=row, start=start, end=end)
    return render(request, "data_tools/detail.html", context)


def _number(request: HttpRequest, name: str) -> int:
    raw = request.GET.get(name, "")
    return int(raw) if raw.isdecimal() and len(raw) < 12 else 0


@login_required
@require_safe
@never_cache
def progress(request: SignedInRequest, source_id: UUID) -> HttpResponse:
    """The bar, for htmx to ask once a second: nothing when nothing moved, the whole page anew when it is over."""
    source, role = selectors.source_for(request.user, source_id)
    if source.job.is_over:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    now = Progress.of(source.job)
    seen = request.GET.get("seen", "")
    if seen == now.seen:
        return HttpResponse(status=204)
    context = {
        "source": source,
        "progress": now,
        "may_work": role.may(Role.ANALYST),
        "new_stage": not seen.startswith(f"{now.stage}:"),
    }
    return render(request, "data_tools/partials/progress.html", context)


@login_required
@require_safe
@handle_view_errors(json_response=True)
def plot(request: SignedInRequest, source_id: UUID) -> HttpResponse:
    """The time series as Bokeh's JSON."""
    source, _role = selectors.source_for(request.user, source_id)
    if not source.is_ready:
        raise Http404("There is no plot before the file is processed.")
    theme = "dark" if request.GET.get("theme") == "dark" else "light"
    return JsonResponse(source_plot(source, theme=theme))


@login_required
@require_http_methods(["GET", "POST"])
def rename(request: SignedInRequest, source_id: UUID) -> HttpResponse:
    source, _role = _for_work(request, source_id)
    form = RenameForm(request.POST or None, initial={"name": source.name})
    if request.method == "POST" and form.is_valid():
        services.rename_source(source, name=form.cleaned_data["name"], actor=request.user)
        messages.success(request, _("Renamed."))
        return redirect(source)
    context = {"form": form, "source": source, "project": source.project}
    return render(request, "data_tools/rename.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def reprocess(request: SignedInRequest, source_id: UUID) -> HttpResponse:
    source, _role = _for_work(request, source_id)
    try:
        services.reprocess_source(source, actor=request.user)
    except UserInputError as error:
        messages.error(request, str(error))
    return redirect(source)


@login_required
@require_POST
def cancel(request: SignedInRequest, source_id: UUID) -> HttpResponse:
    source, _role = _for_work(request, source_id)
    services.cancel_processing(source, actor=request.user)
    return redirect(source)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, source_id: UUID) -> HttpResponse:
    """Delete after a page that says what goes, or what stands in the way."""
    source, role = selectors.source_for(request.user, source_id)
    if not selectors.may_delete(source, request.user, role):
        raise PermissionDenied(_("Analysts delete what they have uploaded; a manager may delete all data."))
    if request.method == "POST":
        try:
            services.delete_source(source, actor=request.user)
        except UserInputError as error:
            messages.error(request, str(error))
            return redirect("data:delete", source.id)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": source.name})
        return redirect(source.project)
    experiments = selectors.experiments_using(source)
    context = {
        "source": source,
        "project": source.project,
        "experiments": experiments[:EXPERIMENTS_LISTED],
        "experiment_count": experiments.count(),
        "listed": EXPERIMENTS_LISTED,
    }
    return render(request, "data_tools/delete.html", context)


@login_required
@require_safe
def download(request: SignedInRequest, source_id: UUID, form: str) -> HttpResponseBase:
    """The file as uploaded (`original`), or what became of it (`parquet`, `csv`)."""
    source, _role = selectors.source_for(request.user, source_id)
    return downloads.response_for(source, form)


def _for_work(request: SignedInRequest, source_id: UUID) -> tuple[DataSource, Role]:
    """The data source, when the user may change it. An archived project changes no more."""
    source, role = selectors.source_for(request.user, source_id, Role.ANALYST)
    refuse_archived(source.project)
    return source, role

"""Pages of weather imports: the form, and one import on its way to a data source."""

from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.http import SignedInRequest
from core.errors import UserInputError
from core.rate_limit import rate_limit
from data_tools.weather import services
from data_tools.weather.forms import WeatherForm
from data_tools.weather.models import WeatherImport
from jobs.models import Job
from jobs.services import cancel_job
from projects.models import Role
from projects.permissions import may_work, project_for, refuse_archived, require

YEARS_OFFERED = 5


def _whoever(request: HttpRequest) -> str:
    return str(request.user.pk)


@login_required
@require_http_methods(["GET", "POST"])
@rate_limit("60/h", key=_whoever, name="weather")
def weather(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """The form. Without a service set it says so."""
    project, _role = project_for(request.user, project_id, Role.ANALYST)
    refuse_archived(project, adding=True)
    known = {name: request.GET[name] for name in WeatherForm.base_fields if name in request.GET}
    form = WeatherForm(request.POST or None, initial=_period() | known)
    if request.method == "POST" and settings.WEATHER_SERVICE_URL and form.is_valid():
        return redirect(services.start_import(project, actor=request.user, **form.cleaned_data))
    context = {"project": project, "form": form, "is_set": bool(settings.WEATHER_SERVICE_URL)}
    return render(request, "data_tools/weather.html", context, status=422 if form.is_bound else 200)


def _period() -> dict[str, Any]:
    last_year = date.today().year - 1  # noqa: DTZ011 (a proposal)
    return {"start": date(last_year - YEARS_OFFERED + 1, 1, 1), "end": date(last_year, 12, 31)}


@login_required
@require_safe
def weather_import(request: SignedInRequest, import_id: UUID) -> HttpResponse:
    """An import at work, failed or cancelled; the data source once there is one."""
    found, role = _import_for(request, import_id)
    if found.source_id is not None:
        return redirect("data:detail", found.source_id)
    return render(request, "data_tools/weather_import.html", _context(found, role))


@login_required
@require_safe
@never_cache
def progress(request: SignedInRequest, import_id: UUID) -> HttpResponse:
    """The bar, for htmx to ask once a second; when it is over, where to go."""
    found, role = _import_for(request, import_id)
    if found.source_id is not None:
        return HttpResponseClientRedirect(reverse("data:detail", args=[found.source_id]))
    if found.job.is_over:
        return HttpResponseClientRedirect(found.get_absolute_url())
    return render(request, "data_tools/weather_progress.html", _context(found, role))


@login_required
@require_POST
@rate_limit("60/h", key=_whoever, name="weather")
def try_again(request: SignedInRequest, import_id: UUID) -> HttpResponse:
    found, _role = _import_for(request, import_id, Role.ANALYST)
    refuse_archived(found.project, adding=True)
    try:
        services.try_again(found)
    except UserInputError as error:
        messages.error(request, str(error))
    return redirect(found)


@login_required
@require_POST
def cancel(request: SignedInRequest, import_id: UUID) -> HttpResponse:
    found, _role = _import_for(request, import_id, Role.ANALYST)
    cancel_job(found.job)
    return redirect(found)


def _context(found: WeatherImport, role: Role) -> dict[str, Any]:
    job = found.job
    if job.state == Job.State.QUEUED:
        stage = _("waiting for a worker") if job.sent_at else _("kept; waiting for the queue")
    else:
        stage = _("asking the weather service")
    return {
        "import": found,
        "job": job,
        "project": found.project,
        "stage": stage,
        "may_work": may_work(found.project, role),
        "support": settings.SUPPORT_EMAIL,
    }


def _import_for(
    request: SignedInRequest, import_id: UUID, needed: Role = Role.VIEWER
) -> tuple[WeatherImport, Role]:
    """The import and the user's role in its project. Raises Http404 for a stranger, PermissionDenied."""
    found = WeatherImport.objects.select_related("job", "project").filter(pk=import_id).first()
    if found is None:
        raise Http404("No weather import has this address.")
    return found, require(request.user, found.project_id, needed)

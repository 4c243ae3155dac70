"""Pages of experiments."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import polars as pl
from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from core.decorators import handle_view_errors
from experiments import exports, selectors, services, words
from experiments.engine.metrics import METRICS
from experiments.errors import ExperimentGuardError
from experiments.forms import ExperimentForm
from experiments.models import Experiment
from jobs.models import Job
from projects.listing import BoundedPaginator, searched
from projects.models import Role
from projects.permissions import may_work, project_for, refuse_archived, require, role_in

COMPARE_AT_MOST = 6
# Bokeh sets inline styles on what it draws; only its pages allow them.
allow_plot_styles: Callable[..., Any] = csp_update({"style-src": ["'unsafe-inline'"]})


@login_required
@require_safe
def experiment_list(request: SignedInRequest) -> HttpResponse:
    """Experiments of all the user's projects; search, filters, sort and page are in the address."""
    chosen = {name: request.GET.get(name, "").strip() for name in ("project", "state", "model", "sort")}
    chosen["q"] = searched(request)
    project, may_start = None, False
    if chosen["project"]:
        project, role = project_for(request.user, _uuid(chosen["project"]))
        may_start = may_work(project, role)
    experiments = selectors.experiment_list(
        request.user,
        query=chosen["q"],
        project=project.id if project else None,
        state=chosen["state"],
        model=chosen["model"],
        sort=chosen["sort"],
    )
    context = {
        "page": BoundedPaginator(experiments).get_page(request.GET.get("page")),
        "chosen": chosen,
        "filtered": any(chosen[name] for name in ("q", "project", "state", "model")),
        "project": project,
        "may_work": may_start,
        "states": Job.State.choices,
        "models": words.MODELS.items(),
    }
    return render(request, "experiments/list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """Choose a source, then everything else; guards speak beside the field that they are about."""
    project, _role = project_for(request.user, project_id, Role.ANALYST)
    refuse_archived(project)
    sources = selectors.usable_sources(project.id)
    several = len(sources.values("pk")[:2]) > 1
    chosen = request.POST.get("source") or request.GET.get("source")
    source = None if several else sources.first()
    if chosen:
        source = get_object_or_404(sources, pk=_uuid(chosen))
    context: dict[str, Any] = {"project": project, "several": several, "source": source}
    if source is None:
        context["page"] = BoundedPaginator(sources.defer("result")).get_page(request.GET.get("page"))
        return render(request, "experiments/choose_source.html", context)
    form = ExperimentForm(request.POST or None, source=source)
    if request.method == "POST" and form.is_valid():
        try:
            experiment = services.start_experiment(
                source=source,
                name=form.cleaned_data["name"],
                spec=form.to_spec(),
                trials_wanted=form.cleaned_data["trials"],
                actor=request.user,
            )
        except ExperimentGuardError as error:
            form.refuse(error)
        else:
            return redirect(experiment)
    context["form"] = form
    return render(request, "experiments/form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
@allow_plot_styles
def detail(request: SignedInRequest, experiment_id: UUID) -> HttpResponse:
    """The result beside the baseline's, or how far the work has come, or why it failed."""
    experiment, role = _experiment_for(request, experiment_id)
    return render(request, "experiments/detail.html", _detail_context(experiment, request.user, role))


@login_required
@require_safe
def progress(request: SignedInRequest, experiment_id: UUID) -> HttpResponse:
    """The moving part of the page while work goes on; when it is over the page is asked to load itself again."""
    experiment, role = _experiment_for(request, experiment_id)
    response = render(request, "experiments/_progress.html", _detail_context(experiment, request.user, role))
    if experiment.job.is_over:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_safe
@handle_view_errors(json_response=True)
def plot(request: SignedInRequest, experiment_id: UUID, kind: str) -> HttpResponse:
    """One plot as Bokeh's JSON, in the theme that the page asks for."""
    experiment, _role = _trained_for(request, experiment_id)
    if kind not in words.PLOTS:
        raise Http404(f"There is no plot {kind!r}.")
    return JsonResponse(exports.plot_json(experiment, kind, _theme(request)))


@login_required
@require_safe
@allow_plot_styles
def compare(request: SignedInRequest) -> HttpResponse:
    """Experiments side by side; `?id=` as often as there are experiments, two to six."""
    experiments = _chosen(request)
    metrics, choices = selectors.compare(experiments) if len(experiments) > 1 else ([], [])
    context = {
        "experiments": experiments,
        "metrics": metrics,
        "choices": choices,
        "at_most": COMPARE_AT_MOST,
        "query": "&".join(f"id={experiment.id}" for experiment in experiments),
    }
    return render(request, "experiments/compare.html", context)


@login_required
@require_safe
@handle_view_errors(json_response=True)
def compare_plot(request: SignedInRequest) -> HttpResponse:
    """The hydrographs of the chosen experiments over the observed one."""
    return JsonResponse(exports.comparison_json(_chosen(request), _theme(request)))


@login_required
@require_POST
def cancel(request: SignedInRequest, experiment_id: UUID) -> HttpResponse:
    experiment, _role = _experiment_for(request, experiment_id, Role.ANALYST)
    services.cancel_experiment(experiment)
    return redirect(experiment)


@login_required
@require_POST
def run_again(request: SignedInRequest, experiment_id: UUID) -> HttpResponse:
    """The same specification on the data as it is now; the same seed gives the same result."""
    experiment, _role = _experiment_for(request, experiment_id, Role.ANALYST)
    refuse_archived(experiment.project)
    try:
        again = services.run_again(experiment, actor=request.user)
    except ExperimentGuardError as error:
        messages.error(request, str(error))
        return redirect(experiment)
    return redirect(again)


@login_required
@require_POST
def delete(request: SignedInRequest, experiment_id: UUID) -> HttpResponse:
    """Analysts delete their own experiments, managers all."""
    experiment, role = _experiment_for(request, experiment_id, Role.ANALYST)
    if not _may_delete(experiment, request.user, role):
        raise PermissionDenied(
            _("Analysts delete the experiments they have started; a manager may delete all.")
        )
    services.delete_experiment(experiment, actor=request.user)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": experiment.name})
    return redirect(experiment.project)


@login_required
@require_safe
def export(request: SignedInRequest, experiment_id: UUID, kind: str) -> HttpResponse | FileResponse:
    """Predictions as csv or parquet, or the model card as md."""
    if kind not in ("csv", "parquet", "md"):
        raise Http404(f"There is no export {kind!r}.")
    experiment, _role = _trained_for(request, experiment_id)
    name = slugify(experiment.name) or "experiment"
    if kind == "parquet":
        return FileResponse(
            experiment.predictions_file.open("rb"), as_attachment=True, filename=f"{name}.parquet"
        )
    if kind == "csv":
        text, mime = pl.read_parquet(experiment.predictions_file).write_csv(), "text/csv"
    else:
        text, mime = exports.card(experiment), "text/markdown"
    response = HttpResponse(text, content_type=f"{mime}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def _experiment_for(
    request: SignedInRequest, experiment_id: UUID, needed: Role = Role.VIEWER
) -> tuple[Experiment, Role]:
    experiment = (
        Experiment.objects.select_related("project", "source", "job", "created_by")
        .filter(pk=experiment_id)
        .first()
    )
    if experiment is None:
        raise Http404("No experiment of yours has this address.")
    return experiment, require(request.user, experiment.project_id, needed)


def _trained_for(request: SignedInRequest, experiment_id: UUID) -> tuple[Experiment, Role]:
    experiment, role = _experiment_for(request, experiment_id)
    if not experiment.is_ready:
        raise Http404("This experiment has no result yet.")
    return experiment, role


def _may_delete(experiment: Experiment, user: User, role: Role) -> bool:
    return role.may(Role.MANAGER) or (role.may(Role.ANALYST) and experiment.created_by_id == user.pk)


def _detail_context(experiment: Experiment, user: User, role: Role) -> dict[str, Any]:
    trials = list(experiment.trials.select_related("job")) if experiment.trials_wanted else []
    scores = [trial.score for trial in trials if trial.score is not None]
    context: dict[str, Any] = {
        "experiment": experiment,
        "stage": words.stage_words(experiment.job.stage),
        "project": experiment.project,
        "source": experiment.source,
        "job": experiment.job,
        "spec": experiment.spec,
        "unit": selectors.target_unit(experiment),
        "may_cancel": role.may(Role.ANALYST),
        "may_work": may_work(experiment.project, role),
        "may_delete": _may_delete(experiment, user, role),
        "trials": trials,
        "best_score": max(scores, default=None),
        "plots": words.PLOTS.items(),
    }
    if experiment.is_ready:
        context |= {
            "rows": selectors.metric_rows(experiment),
            "result": experiment.result,
            "parameters": experiment.result["model_parameters"].items(),
            "verdict": words.verdict(experiment.spec, experiment.result),
            "beats": experiment.result["beats_baseline"],
            "worst_importance": max(
                (abs(value) for _name, value in experiment.result["importance"]), default=0
            ),
            "metric_count": len(METRICS),
        }
    return context


def _chosen(request: SignedInRequest) -> list[Experiment]:
    """The experiments named in the address, in its order; those that are not the user's or not ready are left out."""
    ids = [_uuid(text) for text in dict.fromkeys(request.GET.getlist("id"))][:COMPARE_AT_MOST]
    found = Experiment.objects.select_related("project", "source").in_bulk(ids)
    return [
        found[pk]
        for pk in ids
        if pk in found and found[pk].is_ready and role_in(request.user, found[pk].project_id) is not None
    ]


def _theme(request: SignedInRequest) -> str:
    return "dark" if request.GET.get("theme") == "dark" else "light"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except (ValueError, ValidationError):
        raise Http404(f"{text!r} is not an identifier.") from None

"""What pages read of experiments."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from data_tools.models import DataSource
from design.templatetags.show import significant, typed
from experiments.engine.metrics import METRICS, Metric
from experiments.models import Experiment
from experiments.words import METRIC_MEANINGS, MODELS
from jobs.models import Job
from projects.permissions import visible_project_ids

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SORTS: dict[str, tuple[Any, ...]] = {
    "recent": ("-created_at", "id"),
    "name": (Lower("name"), "id"),
    "nse": (F("nse").desc(nulls_last=True), "id"),
}
# What a list shows; the other columns of the four tables are most of what there is to read.
_LISTED = (
    "name",
    "synthetic",
    "created_at",
    "model",
    "predictions_path",
    "nse",
    "baseline_nse",
    "project__name",
    "source__name",
    "job__state",
    "job__percent",
)


def experiment_list(
    user: User | AnonymousUser,
    *,
    query: str = "",
    project: UUID | None = None,
    state: str = "",
    model: str = "",
    sort: str = "recent",
) -> QuerySet[Experiment]:
    """Experiments of the user's projects, with what a list shows of them, their project, source and job."""
    experiments = Experiment.objects.filter(project__in=visible_project_ids(user))
    if query:
        experiments = experiments.filter(name__icontains=query)
    if project:
        experiments = experiments.filter(project=project)
    if state in Job.State.values:
        experiments = experiments.filter(job__state=state)
    if model in MODELS:
        experiments = experiments.filter(model=model)
    return (
        experiments.select_related("project", "source", "job")
        .only(*_LISTED)
        .order_by(*SORTS.get(sort, SORTS["recent"]))
    )


def usable_sources(project_id: Any) -> QuerySet[DataSource]:
    """Data sources of the project that an experiment can stand on: processed, one row a day."""
    return (
        DataSource.objects.filter(project=project_id, time_step="daily")
        .exclude(parquet_path="")
        .order_by("name", "id")
    )


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One measure of one experiment: the test period's value beside persistence's on the same days."""

    metric: Metric
    unit: str
    value: float | None
    baseline: float | None

    @property
    def meaning(self) -> str:
        """What the measure's letters stand for."""
        return str(METRIC_MEANINGS[self.metric.key])

    @property
    def verdict(self) -> str:
        """better, worse or equal, as far as the digits go that are shown; empty when either value is undefined."""
        if self.value is None or self.baseline is None:
            return ""
        if significant(self.value) == significant(self.baseline):
            return "equal"
        return "better" if self.metric.is_better(self.value, self.baseline) else "worse"


def metric_rows(experiment: Experiment) -> list[MetricRow]:
    """The measures of a trained experiment, in the order of METRICS."""
    scores = experiment.result["metrics"]
    unit = target_unit(experiment)
    return [
        MetricRow(
            metric,
            "%" if metric.is_percent else unit if metric.has_target_unit else "",
            scores["test"][metric.key],
            scores["baseline"][metric.key],
        )
        for metric in METRICS
    ]


def target_unit(experiment: Experiment) -> str:
    """The unit of the target column, as the data source has it; empty when it is not known."""
    target = experiment.spec["target"]
    for column in experiment.source.columns:
        if column["name"] == target:
            return column["unit"] or ""
    return ""


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One line of the comparison: a label and a value for each experiment; `best` are the places of the best."""

    label: "StrOrPromise"
    values: list[Any]
    best: frozenset[int] = frozenset()

    @property
    def differs(self) -> bool:
        return len({str(value) for value in self.values}) > 1


def compare(experiments: list[Experiment]) -> tuple[list[ComparedRow], list[ComparedRow]]:
    """Measures (with the best marked) and choices (with those that differ first) of trained experiments."""
    return [_compared_metric(metric, experiments) for metric in METRICS], _compared_choices(experiments)


def _compared_metric(metric: Metric, experiments: list[Experiment]) -> ComparedRow:
    values = [experiment.result["metrics"]["test"][metric.key] for experiment in experiments]
    distances = [abs(value - metric.ideal) for value in values if value is not None]
    best = {
        place
        for place, value in enumerate(values)
        if value is not None and len(distances) > 1 and abs(value - metric.ideal) == min(distances)
    }
    units = {target_unit(experiment) for experiment in experiments}
    unit = "%" if metric.is_percent else units.pop() if metric.has_target_unit and len(units) == 1 else ""
    return ComparedRow(f"{metric.label} {unit}".strip(), values, frozenset(best))


CHOICES: "dict[str, StrOrPromise]" = {
    "model": _("Model"),
    "target": _("Target"),
    "inputs": _("Inputs"),
    "lags": _("Lags, days"),
    "windows": _("Rolling windows, days"),
    "lead_time": _("Lead time, days"),
    "train_end": _("Training until"),
    "test_start": _("Test from"),
    "use_target_history": _("History of the target"),
    "seed": _("Seed"),
}


def _compared_choices(experiments: list[Experiment]) -> list[ComparedRow]:
    rows = [ComparedRow(_("Data source"), [experiment.source.name for experiment in experiments])]
    for key, label in CHOICES.items():
        rows.append(ComparedRow(label, [_in_words(key, experiment.spec[key]) for experiment in experiments]))
    parameters = [experiment.result["model_parameters"] for experiment in experiments]
    for name in dict.fromkeys(name for chosen in parameters for name in chosen):
        rows.append(ComparedRow(name, [typed(chosen.get(name, "–")) for chosen in parameters]))
    return sorted(rows, key=lambda row: not row.differs)


def _in_words(key: str, value: Any) -> Any:
    if key == "model":
        return MODELS[value]
    if isinstance(value, bool):
        return gettext("used") if value else gettext("not used")
    return ", ".join(str(part) for part in value) if isinstance(value, list) else value

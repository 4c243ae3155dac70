"""What is done to experiments: started, searched, trained, cancelled, deleted.

A search is a conversation through the database: the experiment's task proposes a batch of trials, gives its lease
back and waits; the last trial of the batch to end wakes it. No process keeps anything in memory between the two,
so any of them may die at any time.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.sentry.measures import timed
from data_tools.models import DataSource
from data_tools.words import step_words
from experiments.engine.guards import check_spec
from experiments.engine.search import best_trial, check_search, evaluate_trial, propose_batch, trial_seed
from experiments.engine.spec import ExperimentSpec
from experiments.engine.training import STAGES, TrainingResult, train
from experiments.errors import ExperimentGuardError, TrainingDivergedError
from experiments.models import Experiment, Trial
from jobs.lease import Lease
from jobs.models import Job
from jobs.services import cancel_job, queue_job, wake_job
from projects.services import record_activity

TRAIN_TASK = "experiments.tasks.train_experiment"
TRIAL_TASK = "experiments.tasks.run_trial"
BATCH_SIZE = 4
LONGEST_RECORD_DAYS = 200_000


def load_frame(source: DataSource, spec: ExperimentSpec) -> pl.DataFrame:
    """The date and the columns that the experiment uses. Raises ExperimentGuardError for data that is not daily."""
    if source.time_step != "daily" or source.rows > LONGEST_RECORD_DAYS:
        raise ExperimentGuardError(
            "not_daily",
            _("The time step of “%(name)s” is “%(step)s”; experiments work on days.")
            % {"name": source.name, "step": step_words(source.time_step or "irregular")},
            way_out=_("Use a data source with one row for each day."),
        )
    known = {column["name"] for column in source.columns}
    columns = [name for name in dict.fromkeys((spec.target, *spec.inputs)) if name in known]
    return pl.read_parquet(source.parquet_file, columns=["date", *columns])


def start_experiment(
    *,
    source: DataSource,
    name: str,
    spec: ExperimentSpec,
    trials_wanted: int,
    actor: User,
    synthetic: bool = False,
) -> Experiment:
    """Check the experiment, keep it and queue its training. Raises ExperimentGuardError, and keeps nothing then."""
    frame = load_frame(source, spec)
    if trials_wanted:
        check_search(frame, spec)
    else:
        check_spec(frame, spec)
    experiment_id = Experiment._meta.pk.get_default()
    with transaction.atomic():
        job = queue_job(task=TRAIN_TASK, subject_id=experiment_id)
        experiment = Experiment.objects.create(
            id=experiment_id,
            project=source.project,
            source=source,
            name=name,
            created_by=actor,
            spec=spec.to_dict(),
            model=spec.model,
            trials_wanted=trials_wanted,
            job=job,
            synthetic=synthetic,
        )
        record_activity(
            source.project,
            actor=actor,
            verb="started",
            kind="experiment",
            name=name,
            subject_id=experiment_id,
        )
    return experiment


def run_again(experiment: Experiment, *, actor: User) -> Experiment:
    """Start a new experiment with the same specification. Raises ExperimentGuardError when the data has changed."""
    return start_experiment(
        source=experiment.source,
        name=_("%(name)s (again)") % {"name": experiment.name[:140]},
        spec=ExperimentSpec.from_dict(experiment.spec),
        trials_wanted=experiment.trials_wanted,
        actor=actor,
    )


def advance_experiment(lease: Lease) -> None:
    """Do the next thing that the experiment needs: a batch of trials, or the training itself."""
    experiment = Experiment.objects.select_related("source", "project").get(pk=lease.subject_id)
    spec = ExperimentSpec.from_dict(experiment.spec)
    trials = list(experiment.trials.select_related("job"))
    if any(trial.job.is_active for trial in trials):
        _wait_for_trials(lease, experiment, trials)
        return
    if len(trials) < experiment.trials_wanted:
        _propose_trials(lease, experiment, spec, trials)
        return
    if trials:
        best = trials[best_trial(_told(trials))]
        spec = ExperimentSpec.from_dict(experiment.spec | {"parameters": spec.parameters | best.parameters})
    _train(lease, experiment, spec)


def run_trial(lease: Lease) -> None:
    """Score one set of parameters; a model that diverges is a trial without a score, which is a result too."""
    trial = Trial.objects.select_related("experiment__source").get(pk=lease.subject_id)
    spec = ExperimentSpec.from_dict(trial.experiment.spec)
    lease.report("scoring", 10)
    score: float | None = None
    with suppress(TrainingDivergedError):
        frame = load_frame(trial.experiment.source, spec)
        with timed("training_time_s", kind="trial"):
            score = evaluate_trial(frame, spec, trial.parameters, trial_seed(spec, trial.number))
    lease.check()
    with transaction.atomic():
        lease.succeed()
        Trial.objects.filter(pk=trial.pk).update(score=score)


def wake_experiment_of(trial_id: str) -> None:
    """Send the waiting experiment on its way once the last trial of its batch is over."""
    trial = Trial.objects.select_related("experiment__job").get(pk=trial_id)
    active = Job.objects.filter(
        trial__experiment=trial.experiment_id, state__in=(Job.State.QUEUED, Job.State.RUNNING)
    )
    if not active.exists():
        wake_job(trial.experiment.job)


def cancel_experiment(experiment: Experiment) -> None:
    """Stop the training, or the search with its trials."""
    cancel_job(experiment.job)
    for trial in experiment.trials.select_related("job"):
        if trial.job.is_active:
            cancel_job(trial.job)


def delete_experiment(experiment: Experiment, *, actor: User | None) -> None:
    """Delete the experiment, its trials, their jobs and its predictions. Work under way ends at its next look."""
    path = experiment.predictions_path
    jobs = [experiment.job_id, *experiment.trials.values_list("job_id", flat=True)]
    with transaction.atomic():
        experiment.trials.all().delete()
        experiment.delete()
        Job.objects.filter(pk__in=jobs).delete()
        if actor is not None:
            record_activity(
                experiment.project, actor=actor, verb="deleted", kind="experiment", name=experiment.name
            )
        transaction.on_commit(lambda: _remove(path))


def _propose_trials(lease: Lease, experiment: Experiment, spec: ExperimentSpec, trials: list[Trial]) -> None:
    batch = len(trials) // BATCH_SIZE
    size = min(BATCH_SIZE, experiment.trials_wanted - len(trials))
    proposals = propose_batch(spec, _told(trials), batch, size)
    with transaction.atomic():
        lease.wait(
            f"trial {len(trials) + 1} of {experiment.trials_wanted}", _search_percent(experiment, len(trials))
        )
        for number, parameters in enumerate(proposals, start=len(trials)):
            trial_id = Trial._meta.pk.get_default()
            job = queue_job(task=TRIAL_TASK, subject_id=trial_id)
            Trial.objects.create(
                id=trial_id, experiment=experiment, number=number, batch=batch, parameters=parameters, job=job
            )


def _wait_for_trials(lease: Lease, experiment: Experiment, trials: list[Trial]) -> None:
    over = sum(trial.job.is_over for trial in trials)
    lease.wait(f"trial {over + 1} of {experiment.trials_wanted}", _search_percent(experiment, over))


def _search_percent(experiment: Experiment, done: int) -> int:
    return round(80 * done / experiment.trials_wanted)


def _told(trials: list[Trial]) -> list[dict[str, object]]:
    return [{"parameters": trial.parameters, "score": trial.score} for trial in trials]


def _train(lease: Lease, experiment: Experiment, spec: ExperimentSpec) -> None:
    frame = load_frame(experiment.source, spec)
    with timed("training_time_s", kind="training"):
        result = train(frame, spec, report=_report_to(lease, experiment), should_stop=lease.should_stop)
    lease.check()
    path = f"experiments/{experiment.id}/{lease.job.id}-{lease.job.attempt}.parquet"
    _write(Path(settings.DATA_ROOT) / path, result.predictions)
    try:
        _keep(lease, experiment, result, path)
    except BaseException:
        _remove(path)
        raise


def _keep(lease: Lease, experiment: Experiment, result: TrainingResult, path: str) -> None:
    with transaction.atomic():
        lease.succeed()
        experiment.result = result.to_dict()
        experiment.predictions_path = path
        experiment.nse = result.metrics["test"]["nse"]
        experiment.baseline_nse = result.metrics["baseline"]["nse"]
        experiment.save(update_fields=["result", "predictions_path", "nse", "baseline_nse"])
        record_activity(
            experiment.project,
            actor=None,
            verb="trained",
            kind="experiment",
            name=experiment.name,
            subject_id=experiment.id,
        )


def _report_to(lease: Lease, experiment: Experiment) -> Callable[[str, int], None]:
    """Progress in the words of the page; after a search the training is the last fifth of the bar."""
    start = 80 if experiment.trials_wanted else 0

    def report(stage: str, percent: int) -> None:
        lease.report(STAGES[stage].lower(), start + round((100 - start) * percent / 100))

    return report


def _write(path: Path, frame: pl.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    frame.write_parquet(unfinished)
    unfinished.rename(path)


def _remove(path: str) -> None:
    if path:
        file = Path(settings.DATA_ROOT) / path
        file.unlink(missing_ok=True)
        with suppress(OSError):  # another attempt's file may still be in it
            file.parent.rmdir()

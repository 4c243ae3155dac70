from typing import Any

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    name = "experiments"

    def ready(self) -> None:
        from projects.services import project_deleting

        project_deleting.connect(delete_experiments_of, dispatch_uid="experiments")


def delete_experiments_of(*, project: Any, **_: Any) -> None:
    """A project goes with its experiments; data sources, which they stand on, go after them."""
    from experiments.models import Experiment
    from experiments.services import delete_experiment

    for experiment in Experiment.objects.filter(project=project).select_related("project"):
        delete_experiment(experiment, actor=None)

"""The demo world: four synthetic catchments, each with a flaw that a hydrologist knows, and two trained experiments."""

import tempfile
from pathlib import Path

from accounts.models import User
from data_tools.engine.synthetic import DEMO_CATCHMENTS, DemoCatchment
from data_tools.models import DataSource
from data_tools.services import create_source
from data_tools.tasks import process_source
from data_tools.uploads import IncomingFile
from experiments.engine.spec import ExperimentSpec
from experiments.forms import ExperimentForm
from experiments.services import start_experiment
from experiments.tasks import train_experiment
from projects.models import Project, Role
from projects.services import create_project, set_member

PASSWORD = "demo-hydroml"  # noqa: S105 (printed by the demo, which listens on this machine only)
PEOPLE = (
    ("demo@hydroml.example", "Dana Demo", Role.OWNER),
    ("viewer@hydroml.example", "Vic Viewer", Role.VIEWER),
)
PROJECT = "Four synthetic rivers"
DESCRIPTION = (
    "Made by a generator, not measured. Each record has one flaw: find it in the findings of its data source."
)
EXPERIMENTS = (("hist_gradient_boosting", "Gradient boosting, 1 day ahead"), ("ridge", "Linear, 1 day ahead"))


def load_demo_world() -> bool:
    """Make the demo world if there is none. Says whether it was made; a half-made one is completed."""
    people = [_person(email, name) for email, name, _role in PEOPLE]
    owner = people[0]
    project = Project.objects.filter(synthetic=True, memberships__user=owner).first()
    made = project is None
    if project is None:
        project = create_project(owner=owner, name=PROJECT, description=DESCRIPTION, synthetic=True)
    for user, (_email, _name, role) in zip(people, PEOPLE, strict=True):
        if not project.memberships.filter(user=user).exists():
            set_member(project, user=user, role=role, actor=owner)
    for catchment in DEMO_CATCHMENTS:
        if (
            not project.data_sources.filter(original_name=catchment.file_name)
            .exclude(parquet_path="")
            .exists()
        ):
            _add_source(project, catchment, owner)
            made = True
    first = project.data_sources.exclude(parquet_path="").get(original_name=DEMO_CATCHMENTS[0].file_name)
    for model, name in EXPERIMENTS:
        if not project.experiments.filter(name=name).exclude(predictions_path="").exists():
            _add_experiment(first, model, name, owner)
            made = True
    return made


def _person(email: str, name: str) -> User:
    user = User.objects.filter(email=email).first()
    return user or User.objects.create_user(email, PASSWORD, name=name)


def _add_source(project: Project, catchment: DemoCatchment, owner: User) -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / catchment.file_name
        catchment.frame().write_csv(file)
        incoming = IncomingFile.copy_of(file)
    source = create_source(project, file=incoming, actor=owner, name=catchment.name, synthetic=True)
    process_source(str(source.job_id))


def _add_experiment(source: DataSource, model: str, name: str, owner: User) -> None:
    proposed = ExperimentForm(source=source)
    spec = ExperimentSpec(
        target=str(proposed.get_initial_for_field(proposed.fields["target"], "target")),
        inputs=tuple(proposed.get_initial_for_field(proposed.fields["inputs"], "inputs")),
        train_end=proposed.get_initial_for_field(proposed.fields["train_end"], "train_end").isoformat(),
        test_start=proposed.get_initial_for_field(proposed.fields["test_start"], "test_start").isoformat(),
        model=model,
    )
    experiment = start_experiment(
        source=source, name=name, spec=spec, trials_wanted=0, actor=owner, synthetic=True
    )
    train_experiment(str(experiment.job_id))

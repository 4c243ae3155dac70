"""A processed data source to experiment on, without a worker: its task is called here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.models import User
from data_tools.engine.synthetic import DEMO_CATCHMENTS
from data_tools.models import DataSource
from data_tools.services import create_source
from data_tools.tasks import process_source
from data_tools.uploads import IncomingFile
from projects.models import Project


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the broker was given: (task, job id)."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "jobs.services.current_app.send_task",
        lambda task, args, headers, retry: messages.append((task, args[0])),
    )
    return messages


@pytest.fixture
def make_source(
    project: Project, owner: User, tmp_path: Path, sent: list[tuple[str, str]]
) -> Callable[[], DataSource]:
    """Makes a ready data source: five years of a synthetic river."""

    def make() -> DataSource:
        file = tmp_path / "river.csv"
        DEMO_CATCHMENTS[0].frame().write_csv(file)
        source = create_source(project, file=IncomingFile.copy_of(file), actor=owner)
        process_source(str(source.job_id))
        source.refresh_from_db()
        sent.clear()
        return source

    return make

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from monitor.crons.models import CronEnvironment, CronMonitor
from monitor.crons.observers import ERROR, MISSED, RECOVERED, TIMEOUT, observers
from monitor.projects.models import Project
from tests.monitor_site.crons.jobs import MINUTE, START, Jobs

__all__ = ["jobs"]


@pytest.fixture
def jobs(db: None, settings: Settings, tmp_path: Path) -> Iterator[Jobs]:
    """Of a project of their own; what observers are told of failing and recovering is in `told`."""
    settings.SPOOL_DIRECTORY = tmp_path / "spool"
    found = Jobs(Project.objects.create(slug="sums", name="Sums"), settings.SPOOL_DIRECTORY)

    def observe(monitor: CronMonitor, environment: CronEnvironment, kind: str, at: float) -> None:
        if kind in (ERROR, MISSED, RECOVERED, TIMEOUT):
            found.told.append((kind, environment.status, round((at - START) / MINUTE, 2)))

    observers.append(observe)
    yield found
    observers.remove(observe)

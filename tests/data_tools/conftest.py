"""What tests of data sources share: a broker that takes everything, files, and a worker's turn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from data_tools.models import DataSource
from data_tools.services import create_source
from data_tools.tasks import process_source
from data_tools.uploads import IncomingFile
from jobs.models import Job
from projects.models import Project

HEADER = "date,precipitation_mm,discharge_cfs,note\n"


def csv_text(days: int = 40, *, rain: float = 1.5) -> bytes:
    """Days of January and February 2001 with rain, discharge in cubic feet and a note."""
    rows = [
        f"2001-{1 + day // 31:02d}-{1 + day % 31:02d},{rain},{100 + day},seen {day}" for day in range(days)
    ]
    return (HEADER + "\n".join(rows) + "\n").encode()


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The broker takes whatever it is given; the ids of its jobs are here."""
    sent: list[str] = []
    monkeypatch.setattr(
        "jobs.services.current_app.send_task", lambda task, args, headers, retry: sent.append(args[0])
    )
    return sent


@pytest.fixture
def make_source(project: Project, owner: User, tmp_path: Path) -> Callable[..., DataSource]:
    """Makes data sources of `project` from bytes, waiting to be processed."""

    def make(
        content: bytes | None = None, *, name: str = "gauge.csv", actor: User | None = None, **fields: Any
    ) -> DataSource:
        path = tmp_path / "given"
        path.write_bytes(csv_text() if content is None else content)
        return create_source(
            fields.pop("project", project),
            file=IncomingFile.copy_of(path, name=name),
            actor=actor or owner,
            **fields,
        )

    return make


@pytest.fixture
def ready(make_source: Callable[..., DataSource]) -> DataSource:
    """A data source whose processing is done."""
    source = work_on(make_source())
    assert source.job.state == Job.State.SUCCEEDED, source.job.error_message
    return source


def work_on(source: DataSource) -> DataSource:
    """Do as a worker does with the source's job, and give the source as it is then."""
    process_source(str(source.job_id))
    return DataSource.objects.select_related("job", "project").get(pk=source.pk)


def send_files(
    client: Client, project: Project, *files: tuple[str, bytes], query: str = "", **fields: str
) -> Any:
    """Post files to the upload page."""
    uploads = [SimpleUploadedFile(name, content, "text/csv") for name, content in files]
    address = reverse("data:upload", args=[project.id]) + query
    return client.post(address, {"file": uploads, **fields})


def files_left() -> list[str]:
    """Every file below DATA_ROOT, relative to it."""
    root = Path(settings.DATA_ROOT)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

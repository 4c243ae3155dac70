"""The sweep takes what nobody owns once it is a day old, and nothing else."""

import os
import time
import uuid
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from data_tools.cleaning import sweep_files
from data_tools.models import DataSource
from jobs.models import Job
from projects.models import Project
from projects.services import delete_project
from tests.data_tools.conftest import csv_text, files_left


def old(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left behind")
    two_days_ago = time.time() - 2 * 86_400
    for touched in (path, path.parent, path.parent.parent):
        os.utime(touched, (two_days_ago, two_days_ago))
    return path


def test_only_old_files_without_an_owner_are_swept(ready: DataSource) -> None:
    root = Path(settings.DATA_ROOT)
    for kept in (ready.parquet_file, ready.upload_file):
        os.utime(kept, (0, 0))
    half_written = old(ready.directory / ".reading-x" / "0.parquet")
    orphan = old(root / "sources" / str(uuid.uuid4()) / "upload")
    old(root / "incoming" / "a.upload")
    (root / "incoming" / "b.upload").write_bytes(b"arriving now")
    assert sweep_files(dry_run=True).files == 3
    swept = sweep_files()
    assert (swept.files, swept.bytes) == (3, 3 * len(b"left behind"))
    assert files_left() == sorted(["incoming/b.upload", ready.parquet_path, ready.upload_path])
    assert not orphan.parent.exists()
    assert not half_written.parent.exists()


def test_an_unreadable_upload_whose_worker_died_too_early_is_swept(
    make_source: Callable[..., DataSource], django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    source = make_source()
    Job.objects.filter(pk=source.job_id).update(state=Job.State.FAILED, error_code="mixed_dates")
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        sweep_files()
    assert files_left() == []
    assert DataSource.objects.get().upload_path == ""


def test_the_command_says_what_it_would_do(ready: DataSource) -> None:
    old(Path(settings.DATA_ROOT) / "incoming" / "a.upload")
    said = StringIO()
    call_command("sweep_files", "--dry-run", stdout=said)
    assert "1 files (11" in said.getvalue()
    assert "would be removed" in said.getvalue()
    assert len(files_left()) == 3


def test_a_projects_end_is_its_files_end(
    project: Project,
    ready: DataSource,
    make_source: Callable[..., DataSource],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    waiting = make_source(csv_text(50))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        delete_project(project)
    assert files_left() == []
    assert not Job.objects.filter(pk=waiting.job_id).exists()

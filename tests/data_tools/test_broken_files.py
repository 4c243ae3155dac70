"""Every broken file, through the form and the worker: a clear message in a page, and nothing left behind."""

import gzip
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.html import escape

from data_tools.models import DataSource
from jobs.models import Job
from projects.models import Project
from tests.data_tools.conftest import csv_text, files_left, send_files, work_on
from tests.data_tools.engine.test_broken_files import BROKEN

Case = tuple[Callable[[], bytes], str, int | None, tuple[str, ...]]
HOSTILE: dict[str, Case] = {
    "zip bomb": (
        lambda: gzip.compress(csv_text() + (b"2001-02-10,0,100," + b"x" * 1000 + b"\n") * 60_000),
        "gzip_bomb",
        None,
        ("gzip",),
    ),
    "a line without an end": (lambda: csv_text() + b"9" * 5_000_000, "line_too_long", 42, ("Line 42",)),
}
FILES: dict[str, Case] = {**BROKEN, **HOSTILE}


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_explained_and_leaves_nothing(
    name: str, owner_client: Client, project: Project, django_capture_on_commit_callbacks: object
) -> None:
    content, code, line, parts = FILES[name]
    response = send_files(owner_client, project, ("broken.csv", content()))
    if response.status_code == 302:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            source = work_on(DataSource.objects.get())
        assert source.job.state == Job.State.FAILED
        assert source.job.error_code == code
        assert source.job.error_details["row"] == line
        assert (source.upload_path, source.parquet_path) == ("", "")
        response = owner_client.get(source.get_absolute_url())
        assert response.status_code == 200
    else:
        assert response.status_code == 422
        assert not DataSource.objects.exists()
        assert not Job.objects.exists()
    page = response.content.decode()
    for part in parts:
        assert escape(part) in page
    if line is not None:
        assert f"row {line}" in page
    assert files_left() == []

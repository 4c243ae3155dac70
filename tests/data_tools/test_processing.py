"""The worker's part: the result is kept once and whole, or not at all, and what was there before stays."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.db.models.functions import Now

from accounts.models import User
from core.errors import PipelineError
from data_tools import processing
from data_tools.models import DataSource
from data_tools.services import cancel_processing, create_source, delete_source, reprocess_source
from data_tools.tasks import process_source
from data_tools.uploads import IncomingFile
from jobs.models import Job
from jobs.services import reap_jobs
from projects.models import Project
from tests.data_tools.conftest import csv_text, files_left, work_on

Capture = Callable[..., Any]


def during_processing(monkeypatch: pytest.MonkeyPatch, happening: Callable[[], object]) -> None:
    """Let something happen after the file was read and before the result is kept."""
    real = processing.process_file

    def read_then(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        happening()
        return result

    monkeypatch.setattr(processing, "process_file", read_then)


def test_the_result_is_kept_with_what_lists_show(ready: DataSource) -> None:
    assert (ready.rows, str(ready.first_date), str(ready.last_date)) == (40, "2001-01-01", "2001-02-09")
    assert (ready.time_step, ready.warnings) == ("daily", 0)
    frame = pl.read_parquet(ready.parquet_file)
    assert frame["discharge_m3s"][0] == pytest.approx(100 * 0.028316846592)
    assert files_left() == sorted([ready.parquet_path, ready.upload_path])


def test_processing_again_gives_the_same_and_removes_the_earlier_file(
    ready: DataSource, owner: User, django_capture_on_commit_callbacks: Capture
) -> None:
    before, table = ready.result, ready.parquet_file.read_bytes()
    with django_capture_on_commit_callbacks(execute=True):
        reprocess_source(ready, actor=owner)
    with django_capture_on_commit_callbacks(execute=True):
        again = work_on(ready)
    assert again.job_id != Job.objects.exclude(pk=again.job_id).get().pk
    assert again.parquet_path != ready.parquet_path
    assert again.parquet_file.read_bytes() == table
    assert {**again.result, "duration_s": 0} == {**before, "duration_s": 0}
    assert files_left() == sorted([again.parquet_path, again.upload_path])


def test_a_failed_reprocessing_keeps_the_earlier_result_and_the_upload(
    ready: DataSource, owner: User, django_capture_on_commit_callbacks: Capture
) -> None:
    ready.upload_file.write_bytes(csv_text() + b"2001-02-30,1,1,x\n")
    reprocess_source(ready, actor=owner)
    with django_capture_on_commit_callbacks(execute=True):
        again = work_on(ready)
    assert again.job.state == Job.State.FAILED
    assert again.job.error_code == "impossible_date"
    assert (again.parquet_path, again.result) == (ready.parquet_path, ready.result)
    assert files_left() == sorted([ready.parquet_path, ready.upload_path])


def test_a_fault_of_ours_keeps_the_upload_for_another_try_and_is_raised(
    make_source: Callable[..., DataSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise PipelineError("The columns have different lengths.")

    source = make_source()
    during_processing(monkeypatch, fail)
    with pytest.raises(PipelineError):
        process_source(str(source.job_id))
    assert files_left() == [source.upload_path]


def test_a_cancelled_processing_leaves_the_upload_alone(
    make_source: Callable[..., DataSource], owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source()

    def cancel_while_reading(*args: Any, report: Any, should_stop: Any, **kwargs: Any) -> Any:
        cancel_processing(source, actor=owner)
        return real(
            *args, report=lambda stage, _percent: report(stage, 100), should_stop=should_stop, **kwargs
        )

    real = processing.process_file
    monkeypatch.setattr(processing, "process_file", cancel_while_reading)
    done = work_on(source)
    assert (done.job.state, done.parquet_path) == (Job.State.CANCELLED, "")
    assert files_left() == [source.upload_path]


def test_cancelling_what_nobody_has_begun_is_at_once(
    make_source: Callable[..., DataSource], owner: User
) -> None:
    source = make_source()
    cancel_processing(source, actor=owner)
    assert work_on(source).job.state == Job.State.CANCELLED
    reprocess_source(source, actor=owner)
    assert work_on(source).job.state == Job.State.SUCCEEDED


def test_a_source_deleted_meanwhile_comes_to_nothing(
    make_source: Callable[..., DataSource],
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    source = make_source()

    def delete() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            delete_source(source, actor=owner)

    during_processing(monkeypatch, delete)
    process_source(str(source.job_id))
    assert not DataSource.objects.exists()
    assert not Job.objects.exists()
    assert files_left() == []


def test_an_upload_deleted_before_the_worker_looks_is_no_fault_of_ours(
    make_source: Callable[..., DataSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source()
    monkeypatch.setattr(
        processing, "process_file", lambda *_args, **_more: [source.delete(), source.upload_file.stat()]
    )
    source.upload_file.unlink()
    process_source(str(source.job_id))
    assert Job.objects.get().state == Job.State.FAILED


@pytest.mark.django_db(transaction=True)
def test_work_done_twice_is_kept_once(
    project: Project, owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "given").write_bytes(csv_text())
    source = create_source(project, file=IncomingFile.copy_of(tmp_path / "given", name="a.csv"), actor=owner)
    real, turns = processing.process_file, []

    def slow_then_quick(*args: Any, **kwargs: Any) -> Any:
        turns.append(args[1])
        result = real(*args, **kwargs)
        if len(turns) == 1:  # this worker stands still until its lease is another's
            Job.objects.filter(pk=source.job_id).update(lease_expires_at=Now())
            reap_jobs()
            other = threading.Thread(target=_work_in_thread, args=(str(source.job_id),))
            other.start()
            other.join()
        return result

    monkeypatch.setattr(processing, "process_file", slow_then_quick)
    process_source(str(source.job_id))
    done = DataSource.objects.select_related("job").get()
    assert (done.job.state, done.job.attempt) == (Job.State.SUCCEEDED, 2)
    assert done.parquet_file == turns[1] != turns[0]
    assert files_left() == sorted([done.parquet_path, done.upload_path])


def _work_in_thread(job_id: str) -> None:
    from django.db import connection

    try:
        process_source(job_id)
    finally:
        connection.close()

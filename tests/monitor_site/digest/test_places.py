"""What is nobody's fault but the place's: the batch stays, nothing is doubled, and the worker says what it waits for."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from pytest_django.fixtures import Settings

from monitor.digest import worker as worker_module
from monitor.digest.failures import Fault, fault_of
from monitor.digest.payloads import payload_store
from monitor.digest.rooms import COLLECTORS
from monitor.digest.worker import Worker
from monitor.digest.worker_state import DIRECTORY, StateFile, workers
from monitor.ingest.spool import AsideShelf, SpoolReader, spool_depth
from monitor.issues.models import Issue
from monitor.projects.models import Project
from monitor.stats.models import OutcomeCount
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.digest.processes import wait_until


def failing(code: int, text: str = "failed", kind: type[DatabaseError] = OperationalError) -> DatabaseError:
    """As Django gives an error of SQLite's."""
    cause = sqlite3.OperationalError(text)
    cause.sqlite_errorcode = code
    error = kind(text)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (failing(sqlite3.SQLITE_BUSY), Fault.PLACE),
        (failing(sqlite3.SQLITE_BUSY_SNAPSHOT), Fault.PLACE),
        (failing(sqlite3.SQLITE_FULL), Fault.PLACE),
        (failing(sqlite3.SQLITE_READONLY_DIRECTORY), Fault.PLACE),
        (failing(sqlite3.SQLITE_IOERR_WRITE), Fault.PLACE),
        (failing(sqlite3.SQLITE_CANTOPEN), Fault.PLACE),
        (failing(sqlite3.SQLITE_ERROR, "no such table: issues_issue"), Fault.PLACE),
        (failing(sqlite3.SQLITE_ERROR, "table x has no column named y"), Fault.PLACE),
        (OSError(errno.ENOSPC, "No space left on device"), Fault.PLACE),
        (failing(sqlite3.SQLITE_CORRUPT, kind=DatabaseError), Fault.FILE),
        (failing(sqlite3.SQLITE_CORRUPT_INDEX, kind=DatabaseError), Fault.FILE),
        (failing(sqlite3.SQLITE_NOTADB, kind=DatabaseError), Fault.FILE),
        (failing(sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, kind=IntegrityError), Fault.RECORD),
        (failing(sqlite3.SQLITE_TOOBIG), Fault.RECORD),
        (failing(sqlite3.SQLITE_ERROR, "integer overflow"), Fault.RECORD),
        (OverflowError("Python int too large to convert to SQLite INTEGER"), Fault.RECORD),
        (KeyError("x"), Fault.RECORD),
    ],
)
def test_whose_fault_it_is(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault


class Running:
    """A worker in a thread of the test, so that the ground under it can be taken away."""

    def __init__(self, spool: Path, root: Path) -> None:
        self.spool, self.root = spool, root
        self.worker = Worker(root=root, spool=spool, collectors=COLLECTORS, jobs=())
        self.exit_code: int | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.stop.request()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        self.exit_code = self.worker.run()

    @property
    def troubles(self) -> list[str]:
        return [state.trouble for state in workers(self.root) if state.trouble]

    def wait_until_digested(self) -> None:
        wait_until(lambda: spool_depth(self.spool).segments == 0, "all is digested")


@pytest.fixture
def running(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    monkeypatch.setattr(worker_module, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(worker_module, "_collect_seldom", lambda: None)
    return lambda: Running(Path(settings.SPOOL_DIRECTORY), tmp_path)


@contextmanager
def denied(
    owner: type, name: str, error: Exception, monkeypatch: pytest.MonkeyPatch, *, when: str = ""
) -> Iterator[None]:
    """The call fails, as the disk would have it fail, while the block lasts; with `when`, for such paths only."""
    real = getattr(owner, name)

    def deny(self: Any, *args: Any, **kwargs: Any) -> Any:
        if when in str(self):
            raise error
        return real(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, deny)
        yield


def totals() -> tuple[int, int]:
    reported = OutcomeCount.objects.filter(outcome="client_discard").values_list("quantity", flat=True)
    return sum(Issue.objects.values_list("times", flat=True)), sum(reported)


def deliver_three(deliver: Delivery) -> None:
    report = {"discarded_events": [{"reason": "queue_overflow", "category": "error", "quantity": 1}]}
    deliver.spooled(*(deliver.envelope({"message": "silent"}, ("client_report", report)) for _ in range(3)))


@pytest.fixture
def delivery(transactional_db: None, settings: Settings) -> Delivery:
    project = Project.objects.create(slug="hydroml", name="HydroML")
    return Delivery(Path(settings.SPOOL_DIRECTORY), project, now=0.0)


def test_a_spool_that_turned_read_only_doubles_nothing(
    running: Callable[[], Running], delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_three(delivery)
    read_only = OSError(errno.EROFS, "Read-only file system")
    with denied(Path, "unlink", read_only, monkeypatch, when="segment"), running() as run:
        wait_until(lambda: run.troubles, "it says what it waits for")
        assert "Read-only file system" in run.troubles[0]
        assert totals() == (3, 3)
    with running() as run:
        run.wait_until_digested()
    assert totals() == (3, 3)


def test_a_shelf_that_cannot_be_written_keeps_the_poison_and_its_batch_in_the_spool(
    running: Callable[[], Running], delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_three(delivery)
    delivery.spooled(("event", b"{"))
    shelf = AsideShelf(delivery.spool)
    with (
        denied(AsideShelf, "put", OSError(errno.EROFS, "Read-only file system"), monkeypatch),
        running() as run,
    ):
        wait_until(lambda: run.troubles, "it says what it waits for")
        assert spool_depth(delivery.spool).segments == 2
    assert totals() == (0, 0)
    with running() as run:
        run.wait_until_digested()
    assert totals() == (3, 3)
    assert len(shelf.records()) == 1


def test_payload_files_that_cannot_be_written(
    running: Callable[[], Running], delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_three(delivery)
    real = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if b"trouble" in data:
            return real(descriptor, data, offset)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, running() as run:
        patch.setattr(os, "pwrite", full)
        wait_until(lambda: run.troubles, "it says what it waits for")
        assert totals() == (0, 0)
        patch.undo()
        run.wait_until_digested()
        wait_until(lambda: not run.troubles, "the trouble is over")
    assert totals() == (3, 3)
    assert payload_store().directory.is_dir()


def test_a_database_that_somebody_else_holds_for_long(
    running: Callable[[], Running], delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_three(delivery)
    holder = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    holder.execute("BEGIN IMMEDIATE")
    with running() as run:
        wait_until(lambda: run.troubles, "it says what it waits for")
        assert "locked" in run.troubles[0]
        holder.execute("ROLLBACK")
        run.wait_until_digested()
    holder.close()
    assert totals() == (3, 3)
    assert AsideShelf(delivery.spool).records() == []


def test_a_spool_that_cannot_be_read(
    running: Callable[[], Running], delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_three(delivery)
    error = OSError(errno.EIO, "Input/output error")
    with monkeypatch.context() as patch, running() as run:
        patch.setattr(SpoolReader, "_fill", _raise(error))
        wait_until(lambda: run.troubles, "it says what it waits for")
        patch.undo()
        run.wait_until_digested()
    assert totals() == (3, 3)


def test_positions_that_cannot_be_read_leave_the_segment_free(
    running: Callable[[], Running], delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_three(delivery)
    with SpoolReader(delivery.spool, position_of=_raise(failing(sqlite3.SQLITE_BUSY))) as reader:
        with pytest.raises(OperationalError):
            reader.claim()
        with running() as run:
            run.wait_until_digested()
    assert totals() == (3, 3)


def test_a_mistake_of_the_loop_itself_is_told_with_its_place(
    running: Callable[[], Running],
    delivery: Delivery,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    deliver_three(delivery)
    with monkeypatch.context() as patch, running() as run:
        patch.setattr(SpoolReader, "done", _raise(ZeroDivisionError("a mistake")))
        wait_until(lambda: run.troubles, "it says what it waits for")
        patch.undo()
        run.wait_until_digested()
    assert "Traceback" in caplog.text
    assert totals() == (3, 3)


def _raise(error: Exception) -> Callable[..., Any]:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise error

    return fail


def test_a_state_file_on_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / DIRECTORY).write_text("not a directory")
    state = StateFile(tmp_path)
    state.tell(trouble="full")
    state.close()


def test_states_of_other_versions_are_passed_over(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    descriptor = os.open(next((tmp_path / DIRECTORY).iterdir()), os.O_WRONLY)
    os.pwrite(descriptor, b'{"new": 1}', 0)
    os.close(descriptor)
    assert workers(tmp_path) == []
    state.tell(runs_clock=True)
    assert [one.runs_clock for one in workers(tmp_path)] == [True]
    state.close()


def test_who_looks_while_a_worker_starts_does_not_sweep_its_state_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock

    def look_then_lock(descriptor: int, operation: int) -> None:
        if operation == fcntl.LOCK_EX:
            assert workers(tmp_path) == []
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", look_then_lock)
    state = StateFile(tmp_path)
    assert [one.pid for one in workers(tmp_path)] == [os.getpid()]
    state.close()

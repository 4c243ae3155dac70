"""The worker as a process: it digests, waits, goes on after trouble, and ends when it is told to or when it must."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from monitor.digest.worker import DAMAGED_EXIT_CODE
from tests.monitor_site.delivering import envelope_of
from tests.monitor_site.digest.processes import Monitor, prepared, stop, wait_until


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with prepared(tmp_path) as made:
        yield made


def events(count: int, *, filling: int = 0) -> list[bytes]:
    """Of one issue, each with a report of the client of one discarded event beside it."""
    return [
        envelope_of({"message": "the gauge is silent", "extra": {"noise": os.urandom(filling).hex()}})
        for _ in range(count)
    ]


def times(monitor: Monitor) -> int:
    return int(monitor.rows("SELECT coalesce(sum(times), 0) FROM issues_issue")[0][0])


def test_it_digests_what_was_there_and_what_comes_and_ends_when_told(monitor: Monitor) -> None:
    monitor.write(*events(3))
    worker = monitor.start("worker")
    wait_until(lambda: times(monitor) == 3, "what was there is digested", alive=worker)
    monitor.write(*events(2))
    wait_until(lambda: times(monitor) == 5, "what came is digested", alive=worker)
    (state,) = monitor.workers
    assert (state.pid, state.trouble) == (worker.pid, "")
    assert stop(worker) == 0
    assert monitor.workers == []
    assert monitor.is_digested()


def test_of_two_workers_both_digest_and_one_keeps_the_clock(monitor: Monitor) -> None:
    for _ in range(30):
        monitor.write(*events(20))
    both = [monitor.start("worker") for _ in range(2)]
    for _ in range(30):
        monitor.write(*events(20))
    wait_until(monitor.is_digested, "all is digested", alive=both[0])
    wait_until(lambda: any(one.runs_clock for one in monitor.workers), "one has the clock")
    # All may be digested before the other has begun.
    wait_until(lambda: len(monitor.workers) == 2, "both run", alive=both[1])
    assert sum(one.runs_clock for one in monitor.workers) == 1
    assert times(monitor) == 1200
    # The clock goes on with the other one.
    clock = next(one.pid for one in monitor.workers if one.runs_clock)
    first, second = sorted(both, key=lambda process: process.pid != clock)
    first.kill()
    first.wait()
    wait_until(
        lambda: [one.runs_clock for one in monitor.workers] == [True], "the other has it", alive=second
    )
    assert stop(second) == 0


def test_with_a_full_disk_it_waits_says_so_and_loses_nothing(monitor: Monitor) -> None:
    worker = monitor.start("worker")
    monitor.write(*events(1))
    wait_until(lambda: times(monitor) == 1, "the first is digested", alive=worker)
    process = psutil.Process(worker.pid)
    unlimited = process.rlimit(resource.RLIMIT_FSIZE)
    # No file may grow beyond this: the same to the worker as a disk that is full.
    process.rlimit(resource.RLIMIT_FSIZE, (32_768, unlimited[1]))
    for _ in range(5):
        monitor.write(*events(40, filling=2000))
    wait_until(lambda: any(one.trouble for one in monitor.workers), "it says what it waits for", alive=worker)
    assert "Nothing can be stored" in monitor.log("worker")
    process.rlimit(resource.RLIMIT_FSIZE, unlimited)
    wait_until(lambda: times(monitor) == 201, "all is digested", alive=worker)
    wait_until(lambda: not any(one.trouble for one in monitor.workers), "the trouble is over", alive=worker)
    assert monitor.shelf.records() == []
    assert stop(worker) == 0


def test_with_a_damaged_database_it_stops_with_a_sentence_and_the_spool_keeps_all(monitor: Monitor) -> None:
    monitor.write(*events(50, filling=500))
    worker = monitor.start("worker")
    wait_until(lambda: times(monitor) == 50, "some are digested", alive=worker)
    assert stop(worker) == 0
    monitor.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    database = monitor.directory / "monitor.sqlite3"
    damage(database)
    monitor.write(*events(5))
    before = sorted((monitor.spool / "segments").iterdir())

    worker = monitor.start("worker")
    wait_until(lambda: worker.poll() is not None, "it stops")
    assert worker.returncode == DAMAGED_EXIT_CODE
    assert "is damaged" in monitor.log("worker")
    assert "docs/monitor/keeping.md" in monitor.log("worker")
    assert sorted((monitor.spool / "segments").iterdir()) == before
    assert monitor.shelf.records() == []


def damage(database: Path) -> None:
    """Every page but the first is nonsense, as after a bad sector in the middle of a file."""
    data = bytearray(database.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    database.write_bytes(data)


def test_without_a_prepared_database_it_waits(tmp_path: Path) -> None:
    with prepared(tmp_path) as monitor:
        (tmp_path / "monitor.sqlite3").rename(tmp_path / "away")
        for end in ("-wal", "-shm"):
            (tmp_path / f"monitor.sqlite3{end}").unlink(missing_ok=True)
        monitor.write(*events(2))
        worker = monitor.start("worker")
        wait_until(
            lambda: any("no such table" in one.trouble for one in monitor.workers), "it waits", alive=worker
        )
        assert not monitor.is_digested()
        for made in tmp_path.glob("monitor.sqlite3*"):
            made.unlink()
        (tmp_path / "away").rename(tmp_path / "monitor.sqlite3")
        wait_until(lambda: times(monitor) == 2, "all is digested", alive=worker)
        assert monitor.shelf.records() == []
        assert stop(worker) == 0


def test_a_worker_that_was_killed_is_not_said_to_live(monitor: Monitor) -> None:
    worker = monitor.start("worker")
    wait_until(lambda: monitor.workers, "it says that it lives", alive=worker)
    worker.kill()
    worker.wait()
    assert monitor.workers == []

"""The monitor's own processes, really running, each test's in a directory of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from monitor.digest.worker_state import WorkerState, workers
from monitor.ingest.spool import AsideShelf, RecordMeta, SpoolWriter, spool_depth
from monitor.protocol import parse_envelope

ROOT = Path(__file__).resolve().parents[3]
KEY = "0123456789abcdef0123456789abcdef"
PATIENCE_S = 120.0
"""A loaded machine takes its time; nothing here is about speed."""


class Monitor:
    """Prepared by `prepared`."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.directory = directory
        self.spool = directory / "spool"
        self.shelf = AsideShelf(self.spool)
        self._environment = environment
        self._started: list[subprocess.Popen[bytes]] = []

    def run(self, *command: str) -> str:
        """To its end; gives what it says."""
        done = subprocess.run(
            self._command(*command),
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """What it logs goes into `<command>.log`."""
        with (self.directory / f"{command[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                self._command(*command), cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        self._started.append(process)
        return process

    def log(self, command: str) -> str:
        return (self.directory / f"{command}.log").read_text()

    def write(self, *envelopes: bytes) -> None:
        """As one segment, as the receiving end does."""
        writer = SpoolWriter(self.spool, min_free_bytes=0)
        for body in envelopes:
            writer.append(RecordMeta(1, time.time(), key=KEY, event_id=_event_id(body)), body)
        writer.close()

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """Asked of the database file from outside."""
        with closing(sqlite3.connect(self.directory / "monitor.sqlite3", timeout=PATIENCE_S)) as database:
            return database.execute(statement, values).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    @property
    def workers(self) -> list[WorkerState]:
        return workers(self.directory)

    def is_digested(self) -> bool:
        return spool_depth(self.spool).segments == 0

    def kill_all(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _command(self, *command: str) -> list[str]:
        return [sys.executable, "-m", "monitor", *command]


def wait_until(
    condition: Callable[[], object], what: str, *, alive: subprocess.Popen[bytes] | None = None
) -> None:
    """Raises AssertionError that says what did not happen, or that the process ended that should have done it."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert alive is None or alive.poll() is None, (
            f"ended with {alive and alive.returncode}, waiting for: {what}"
        )
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes]) -> int:
    """By SIGTERM; gives the exit code."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE_S)


@contextmanager
def prepared(directory: Path, **environment: str) -> Iterator[Monitor]:
    """With the project 1 and its key KEY. All that was started is killed in the end."""
    shutil.copytree(_template(), directory, dirs_exist_ok=True)
    monitor = Monitor(directory, _environment(directory) | environment)
    try:
        yield monitor
    finally:
        monitor.kill_all()


def _environment(directory: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "MONITOR_DATA_DIR": str(directory),
        "MONITOR_DSN_KEY": KEY,
        "MONITOR_DEBUG": "0",
        "MONITOR_SECRET_KEY": "for tests " * 6,
        "MONITOR_SPOOL_MIN_FREE_MB": "1",
    }


@cache
def _template() -> Path:
    """Prepared once for all tests of a run: that takes seconds."""
    directory = Path(tempfile.mkdtemp(prefix="monitor-prepared-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    Monitor(directory, _environment(directory)).run("prepare")
    return directory


def _event_id(body: bytes) -> str | None:
    return parse_envelope(body).event_id

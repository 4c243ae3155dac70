"""The application reports to the monitor beside it, also when all that the application itself stands on is away."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from stack.ports import HOST, free_port
from tests.live.system import LiveSystem, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
NOBODY_THERE = {"DATABASE_URL": "postgres://u:p@127.0.0.1:9/x", "REDIS_URL": "redis://127.0.0.1:9/0"}


class Monitor(LiveSystem):
    """Web and worker of the monitor. Its environment names no PostgreSQL and no Redis: it has none."""

    @property
    def dsn(self) -> str:
        return f"http://{self.env['MONITOR_DSN_KEY']}@{HOST}:{self.port}/1"

    def start_all(self) -> None:
        self.start_process("monitor-web", "web", "--port", str(self.port))
        self.start_process("monitor-worker", "worker")
        wait_for(
            "the monitor takes events",
            lambda: httpx.get(f"{self.address}/api/relay/healthcheck/ready/").status_code == 200,
        )

    def start_process(self, name: str, *command: str) -> None:
        self._start(name, ["python", "-m", "monitor", *command])

    def issues(self) -> list[tuple[str, str, str, int]]:
        """Type, category, severity and number of each."""
        with closing(sqlite3.connect(self.log_dir / "monitor.sqlite3", timeout=60)) as database:
            found = database.execute("SELECT type, category, severity, times FROM issues_issue ORDER BY id")
            return found.fetchall()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a monitor that has what `prepare` makes, once for all: that takes seconds."""
    gone = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    env = {name: value for name, value in os.environ.items() if name not in gone} | {
        "MONITOR_DATA_DIR": str(tmp_path_factory.mktemp("prepared")),
        "MONITOR_DSN_KEY": secrets.token_hex(16),
        "DEBUG": "1",
    }
    subprocess.run([sys.executable, "-m", "monitor", "prepare"], env=env, check=True, capture_output=True)
    return env


@pytest.fixture
def monitor(prepared: dict[str, str], tmp_path: Path) -> Iterator[Monitor]:
    port = free_port()
    shutil.copytree(prepared["MONITOR_DATA_DIR"], tmp_path, dirs_exist_ok=True)
    env = prepared | {
        "MONITOR_DATA_DIR": str(tmp_path),
        "MONITOR_PUBLIC_URL": f"http://{HOST}:{port}",
        # Were it to read this one, it would report to itself.
        "SENTRY_DSN": f"http://{'0' * 32}@{HOST}:{port}/1",
    }
    system = Monitor(env, port, tmp_path)
    try:
        system.start_all()
        yield system
    finally:
        system.stop()


@pytest.fixture
def stranded(monitor: Monitor, tmp_path: Path) -> Iterator[LiveSystem]:
    """A web process of the application whose PostgreSQL and Redis nobody can reach."""
    directory = tmp_path / "application"
    directory.mkdir()
    env = (
        os.environ
        | NOBODY_THERE
        | {
            "DATA_ROOT": str(directory / "data"),
            "DJANGO_SETTINGS_MODULE": "hydroml.settings",
            "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
            "SENTRY_DSN": monitor.dsn,
            "DEBUG": "1",
        }
    )
    system = LiveSystem(env, free_port(), directory)
    try:
        system.start_gunicorn()
        wait_for("web lives", lambda: httpx.get(f"{system.address}/livez").status_code == 200)
        yield system
    finally:
        system.stop()


def test_with_postgresql_and_redis_away_the_failure_is_in_the_monitor(
    monitor: Monitor, stranded: LiveSystem
) -> None:
    answer = httpx.get(f"{stranded.address}/projects/", cookies={"sessionid": "of-somebody"}, timeout=60)
    assert answer.status_code == 503
    ((kind, category, severity, times),) = wait_for("the event is stored", monitor.issues)
    assert (kind, category, severity, times) == ("OperationalError", "database", "P0", 1)
    assert httpx.get(f"{monitor.address}/accounts/login/").status_code == 200


def test_what_was_reported_while_the_monitor_was_away_is_there_when_it_is_back(
    monitor: Monitor, stranded: LiveSystem
) -> None:
    monitor.kill("monitor-web")
    for kind in ("division", "key"):
        answer = httpx.get(f"{stranded.address}/test-sentry-error/", params={"type": kind}, timeout=60)
        assert answer.status_code == 500
    assert monitor.issues() == []
    monitor.start_process("monitor-web", "web", "--port", str(monitor.port))
    wait_for("both are stored", lambda: len(monitor.issues()) == 2, timeout_s=150)
    assert sorted(monitor.issues()) == [
        ("KeyError", "programming", "P2", 1),
        ("ZeroDivisionError", "programming", "P2", 1),
    ]


def test_a_killed_worker_of_the_monitor_loses_nothing_and_the_monitor_never_reports_itself(
    monitor: Monitor, stranded: LiveSystem
) -> None:
    monitor.kill("monitor-worker")
    answer = httpx.get(f"{stranded.address}/test-sentry-error/", params={"type": "type"}, timeout=60)
    assert answer.status_code == 500
    monitor.start_process("monitor-worker", "worker")
    assert wait_for("it is stored", monitor.issues) == [("TypeError", "programming", "P2", 1)]
    broken = httpx.get(f"{monitor.address}/issues/?q=%00", follow_redirects=True)
    assert broken.status_code < 500
    assert [kind for kind, *_ in monitor.issues()] == ["TypeError"]

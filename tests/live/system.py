"""A whole HydroML for a test: web, worker and beat as real processes on a database of their own."""

import contextlib
import itertools
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg

from stack.ports import HOST, free_port

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
Answer = TypeVar("Answer")
# Each system has one of its own: the worker of one must not take what another one queued.
_redis_databases = itertools.count(secrets.randbelow(14))


def wait_for(
    what: str, probe: Callable[[], Answer], *, timeout_s: float = 150.0, every_s: float = 0.1
) -> Answer:
    """The first true answer of `probe`. Fails with `what` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if answer := probe():
                return answer
        time.sleep(every_s)
    raise AssertionError(f"{what}: not within {timeout_s:g} s")


@dataclass
class LiveSystem:
    """Processes by name; each in a session of its own, so that it can be killed with its children."""

    env: dict[str, str]
    port: int
    log_dir: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    given_address: str = ""

    @property
    def address(self) -> str:
        return self.given_address or f"http://{HOST}:{self.port}"

    def start_gunicorn(self) -> None:
        """Web, without waiting for it."""
        command = ["gunicorn", "hydroml.wsgi:application", "--bind", f"{HOST}:{self.port}", "--threads", "4"]
        self._start("web", [*command, "--worker-class", "gthread", "--no-control-socket"])

    def start_web(self) -> None:
        self.start_gunicorn()
        wait_for("web answers", lambda: httpx.get(f"{self.address}/readyz").status_code == 200)

    def start_worker(self, name: str = "worker", *, concurrency: int = 1) -> None:
        self._start(
            name,
            ["celery", "--app", "hydroml.celery:app", "worker", "--concurrency", str(concurrency), "-n", f"{name}@%h",
             "--loglevel", "INFO", "--without-gossip", "--without-mingle", "--optimization", "fair"],
        )  # fmt: skip

    def start_beat(self) -> None:
        self._start("beat", ["celery", "--app", "hydroml.celery:app", "beat", "--loglevel", "INFO"])

    def kill(self, name: str) -> None:
        """kill -9 of the process and all its children."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for name in list(self.processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.processes[name].wait(timeout=8)
            self.kill(name)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(sql, values).fetchall()  # type: ignore[arg-type]

    def _start(self, name: str, command: list[str]) -> None:
        with (self.log_dir / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )


@contextlib.contextmanager
def live_system(directory: Path, **variables: str) -> Iterator[LiveSystem]:
    """A migrated, empty HydroML with web, one worker and beat; everything is gone afterwards."""
    name = f"live_{secrets.token_hex(4)}"
    given = urlsplit(os.environ["DATABASE_URL"])
    admin_url = os.environ["DATABASE_URL"]
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    port = free_port()
    env = {
        **os.environ,
        "DATABASE_URL": urlunsplit(given._replace(path=f"/{name}")),
        "REDIS_URL": urlunsplit(
            urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{1 + next(_redis_databases) % 14}")
        ),
        "DATA_ROOT": str(directory / "data"),
        "BEAT_SCHEDULE": str(directory / "beat-schedule"),
        "DJANGO_SETTINGS_MODULE": "hydroml.settings",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        "DEBUG": "1",
        **variables,
    }
    system = LiveSystem(env, port, directory)
    try:
        system.manage("migrate", "--verbosity", "0")
        system.start_worker()
        system.start_beat()
        system.start_web()
        yield system
    finally:
        system.stop()
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]

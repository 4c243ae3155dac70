"""Bugsink and foxray beside the monitor in bench.monitor: each as its documents say, in an environment of its own."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import httpx

from stack.ports import free_port


class Rival:
    """A tracker that runs as `commands` say; `count` is the statement that counts its stored events."""

    def __init__(
        self,
        name: str,
        *,
        directory: Path,
        port: int,
        database: Path,
        count: str,
        commands: list[list[str]],
        environment: Mapping[str, str],
        make_project: Callable[[], tuple[str, str]],
        prepare: list[list[str]],
    ) -> None:
        self.name, self.directory, self.port = name, directory, port
        self.processes: list[subprocess.Popen[bytes]] = []
        self.project = self.key = ""
        self._database, self._count = database, count
        self._commands, self._prepare = commands, prepare
        self._environment, self._make_project = {**os.environ, **environment}, make_project

    def start(self) -> None:
        for command in self._prepare:
            subprocess.run(
                command, cwd=self.directory, env=self._environment, check=True, capture_output=True
            )
        self.project, self.key = self._make_project()
        log = (self.directory / "log").open("wb")
        self.processes = [
            subprocess.Popen(command, cwd=self.directory, env=self._environment, stdout=log, stderr=log)
            for command in self._commands
        ]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/")
                return
            except httpx.TransportError:
                time.sleep(0.2)
        raise RuntimeError(f"{self.name} did not start: {(self.directory / 'log').read_text()[-1000:]}")

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(60)

    def stored(self) -> int:
        with closing(sqlite3.connect(self._database, timeout=60)) as database:
            return int(database.execute(self._count).fetchone()[0])

    def bytes(self) -> int:
        return sum(
            path.stat().st_blocks * 512
            for path in self.directory.rglob("*")
            if path.is_file() and not path.name.endswith(("-wal", "-shm", "log"))
        )

    def settle(self) -> None:
        with closing(sqlite3.connect(self._database, timeout=60)) as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")


def installed(where: Path, package: str) -> Path:
    """The environment's bin directory, made with pip where it is missing."""
    environment = where / package
    if not (environment / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    subprocess.run([str(environment / "bin" / "pip"), "install", "--quiet", package], check=True)
    return environment / "bin"


def foxray(where: Path, place: Path) -> Rival:
    binaries, directory, port = installed(where.resolve(), "foxray"), place / "foxray", free_port()
    directory.mkdir()
    database = directory / "foxray.db"
    program = [str(binaries / "foxray"), "--db", str(database)]

    def make_project() -> tuple[str, str]:
        made = subprocess.run(
            [*program, "create-project", "bench"], cwd=directory, check=True, capture_output=True, text=True
        )
        found = re.search(r"//([0-9a-f]+)@[^/]+/(\d+)", made.stdout + made.stderr)
        if found is None:
            raise RuntimeError(f"foxray printed no DSN: {made.stdout}")
        return found[2], found[1]

    return Rival(
        "foxray",
        directory=directory,
        port=port,
        database=database,
        count="SELECT count(*) FROM foxray_event",
        commands=[[*program, "serve", "--port", str(port)]],
        environment={},
        make_project=make_project,
        prepare=[],
    )


_BUGSINK_PROJECT = """
from projects.models import Project
from teams.models import Team
team = Team.objects.create(name="bench")
project = Project.objects.create(team=team, name="bench")
print("PROJECT", project.id, project.sentry_key.hex)
"""


def bugsink(where: Path, place: Path) -> Rival:
    """Web and its own background worker; its quotas are lifted, so that it stores what it is sent."""
    binaries, directory, port = installed(where.resolve(), "bugsink"), place / "bugsink", free_port()
    directory.mkdir()
    lifted = (
        "\nBUGSINK.update({'MAX_EVENTS_PER_PROJECT_PER_5_MINUTES': 10**9,"
        " 'MAX_EVENTS_PER_PROJECT_PER_HOUR': 10**9, 'MAX_EVENTS_PER_5_MINUTES': 10**9,"
        " 'MAX_EVENTS_PER_HOUR': 10**9})\n"
    )
    make_conf = [
        str(binaries / "bugsink-create-conf"),
        "--template=singleserver",
        "--host=127.0.0.1",
        f"--port={port}",
        f"--base-dir={directory}",
    ]
    add = f"open('bugsink_conf.py', 'a').write({lifted!r})"
    manage = [str(binaries / "bugsink-manage")]
    environment = {"PYTHONPATH": str(directory), "DJANGO_SETTINGS_MODULE": "bugsink_conf"}

    def make_project() -> tuple[str, str]:
        made = subprocess.run(
            [*manage, "shell", "-c", _BUGSINK_PROJECT],
            cwd=directory,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            text=True,
        )
        found = re.search(r"PROJECT (\d+) ([0-9a-f]+)", made.stdout)
        if found is None:
            raise RuntimeError(f"Bugsink made no project: {made.stdout} {made.stderr}")
        return found[1], found[2]

    return Rival(
        "Bugsink",
        directory=directory,
        port=port,
        database=directory / "db.sqlite3",
        count="SELECT count(*) FROM events_event",
        commands=[
            [str(binaries / "gunicorn"), "bugsink.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2"],
            [str(binaries / "bugsink-runsnappea")],
        ],
        environment=environment,
        make_project=make_project,
        prepare=[
            make_conf,
            [sys.executable, "-c", add],
            [*manage, "migrate"],
            [*manage, "migrate", "snappea", "--database=snappea"],
        ],
    )

"""One running HydroML with its monitor, of whose processes one at a time is started without a safeguard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stack.application import application, environment, prepare, wait_until_ready
from stack.drilling import drillable
from stack.folder import ROOT, throwaway
from stack.ports import free_port
from stack.services import started_services
from stack.steering import Steering

SABOTAGE = Path(__file__).with_name("sabotage")
_NOT_INHERITED = (
    "DATABASE_URL",
    "REDIS_URL",
    "SENTRY_DSN",
    "DATA_ROOT",
    "DJANGO_SETTINGS_MODULE",
    "MONITOR_TEST_DB_NAME",
)


@dataclass
class Drilled:
    """The running stack. `without` starts one of its processes again, without a safeguard; `drill` holds drills."""

    env: dict[str, str]
    file: Path
    steering: Steering
    folder: Path
    _changed: dict[str, dict[str, str]] = field(default_factory=dict)

    def without(self, process: str, env: dict[str, str]) -> None:
        """All other processes have all of theirs."""
        for name in [name for name in self._changed if name != process]:
            self._restart(name, {})
            del self._changed[name]
        self._restart(process, env)
        self._changed[process] = env

    def whole(self) -> None:
        for name in list(self._changed):
            self._restart(name, {})
        self._changed.clear()

    def drill(self, *names: str, patience: float = 1.0) -> dict[str, Any]:
        """What `manage.py firedrill --json` writes, in a process that knows nothing of sabotage."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "manage.py", "firedrill", "--only", ",".join(names), "--json", str(report),
             "--patience", str(patience)],
            cwd=ROOT, env=self.env | {"FIREDRILL_FILE": str(self.file)}, capture_output=True, text=True,
        )  # fmt: skip
        assert report.exists(), done.stdout + done.stderr
        found: dict[str, Any] = json.loads(report.read_text())
        assert done.returncode == (0 if found["passed"] else 1), done.stderr
        return found

    def _restart(self, process: str, env: dict[str, str]) -> None:
        self.steering.stop(process)
        self.steering.start(process, env and {"PYTHONPATH": str(SABOTAGE), **env})


@pytest.fixture(scope="session")
def drilled() -> Iterator[Drilled]:
    with drilled_stack() as drilled:
        yield drilled


@contextmanager
def drilled_stack() -> Iterator[Drilled]:
    with throwaway("drill") as folder, ExitStack() as stack:
        services = stack.enter_context(started_services(folder, throwaway=True))
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        inherited |= {"DEBUG": "1", "DEMO_WORLD": "0"}
        env = environment(folder, services.addresses, inherited, free_port(), free_port())
        prepare(env)
        running = stack.enter_context(application(folder, env, show_output=False))
        file = stack.enter_context(drillable(folder, env, services, running))
        wait_until_ready(running, env, lambda name: None)
        yield Drilled(env, file, Steering(services.own, running.supervisor, folder.run), folder.path)

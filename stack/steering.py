"""What of a running stack may be stopped and started again on purpose, and how: for the fire drill, and for tests.

Names are those of docker-compose.yml: postgres, redis, weather, monitor, monitor-worker, web, worker, beat.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from stack.errors import StackError
from stack.ports import HOST, free_port
from stack.processes import Child, group_of
from stack.services import Server

SERVERS = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
PROCESSES = {
    "weather": "weather",
    "monitor": "monitor-web",
    "monitor-worker": "monitor-worker",
    "web": "web",
    "worker": "worker",
    "beat": "beat",
}
"""The Procfile's name of each."""
OTHER_RELEASE = "web-other-release"
STOPPED_WITHIN_S, KILLED_WITHIN_S, STARTED_WITHIN_S = 12.0, 5.0, 20.0


class Steering:
    """Of one stack: its own servers, and the processes below its supervisor. One wish at a time."""

    def __init__(self, servers: Mapping[str, Server], supervisor: Child, run: Path) -> None:
        self._servers = {name: servers[url] for name, url in SERVERS.items() if url in servers}
        self._supervisor, self._run = supervisor, run

    @property
    def names(self) -> list[str]:
        """What can be stopped here: a server that was given by address is not ours to stop."""
        return [*self._servers, *PROCESSES]

    def stop(self, name: str) -> None:
        """It has ended when this returns. Raises StackError for a name that is not ours."""
        if server := self._servers.get(name):
            server.stop()
        else:
            self._stop_process(self._process(name))

    def start(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """At the address where it was. `env` is put on top of the environment, until it is started again."""
        if server := self._servers.get(name):
            server.start_again()
        else:
            process = self._process(name)
            self._tell(start=process, env=dict(env or {}))
            self._wait(lambda: self._is_running(process), STARTED_WITHIN_S, f"{name} did not start")

    def deploy(self, release: str) -> str:
        """A second web process that says it is `release`; its address."""
        port = free_port()
        self._stop_process(OTHER_RELEASE)
        env = {"SENTRY_RELEASE": release, "PORT": str(port)}
        self._tell(start=OTHER_RELEASE, env=env, **{"as": "web"})
        self._wait(lambda: self._is_running(OTHER_RELEASE), STARTED_WITHIN_S, "the release did not start")
        return f"http://{HOST}:{port}"

    def withdraw(self) -> None:
        """Stop what `deploy` started."""
        self._stop_process(OTHER_RELEASE)

    def _process(self, name: str) -> str:
        if name not in PROCESSES:
            raise StackError(f"There is no {name!r} to stop here; there is {', '.join(self.names)}.")
        return PROCESSES[name]

    def _stop_process(self, process: str) -> None:
        if not self._is_running(process):
            return
        members = self._members(process)
        self._tell(stop=process)
        with contextlib.suppress(StackError):
            self._wait(lambda: not self._is_running(process), STOPPED_WITHIN_S, "")
            return
        for member in members:
            with contextlib.suppress(psutil.Error):
                member.send_signal(signal.SIGKILL)
        self._wait(lambda: not self._is_running(process), KILLED_WITHIN_S, f"{process} does not end")

    def _is_running(self, process: str) -> bool:
        """The supervisor's process leaves a record when it starts one, and takes it away when that has ended."""
        return (self._run / f"{process}.json").exists()

    def _members(self, process: str) -> list[psutil.Process]:
        with contextlib.suppress(OSError, ValueError, KeyError):
            entry = json.loads((self._run / f"{process}.json").read_text())
            return list(group_of(int(entry["pid"]), float(entry["started"])))
        return []

    def _tell(self, **wish: Any) -> None:
        line = json.dumps(wish).encode() + b"\n"
        os.write(self._supervisor.stdin.fileno(), line)

    def _wait(self, holds: Callable[[], bool], within_s: float, otherwise: str) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline or self._supervisor.poll() is not None:
                raise StackError(f"{otherwise} within {within_s:.0f} s.")
            time.sleep(0.05)

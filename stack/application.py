"""HydroML's own processes on top of the backing services: prepare the database, start web, worker, beat and the demo's
weather service, wait, stop."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.folder import ROOT, Folder
from stack.ports import HOST, free_port
from stack.processes import Child
from stack.readiness import Readiness

READY_WITHIN_S = 90
STOP_WITHIN_S = 15  # the supervisor itself kills after ten


@dataclass(frozen=True)
class Application:
    """A running HydroML: its address, and the supervisor that runs its processes."""

    port: int
    supervisor: Child

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"


def environment(
    folder: Folder, services: Mapping[str, str], inherited: Mapping[str, str], port: int
) -> dict[str, str]:
    """What web, worker, beat and `stack.prepare` are told. What the caller has set already stays."""
    weather_port = inherited.get("WEATHER_PORT") or str(free_port())
    return {
        "WEATHER_SERVICE_URL": f"http://{HOST}:{weather_port}",
        "DATA_ROOT": str(folder.path / "data"),
        "BEAT_SCHEDULE": str(folder.path / "beat-schedule"),
        "DJANGO_SECRET_KEY": folder.secret("django"),
        "PYTHONUNBUFFERED": "1",
        **inherited,
        **services,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', os.defpath)}",
        "DJANGO_SETTINGS_MODULE": "hydroml.settings",
        "PORT": str(port),
        "WEATHER_PORT": weather_port,
    }


def prepare(env: Mapping[str, str]) -> str:
    """Bring the database up to date and load the demo world; gives its log-ins. Raises StackError when that fails."""
    command = [sys.executable, "-m", "stack.prepare"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise StackError(f"The database could not be prepared:\n{tail}")
    return done.stdout


@contextlib.contextmanager
def application(folder: Folder, env: Mapping[str, str], *, show_output: bool) -> Iterator[Application]:
    """Web, worker and beat under the supervisor; every one of them has ended when the block is left."""
    supervisor = Child(
        "supervisor",
        [sys.executable, "-m", "stack.supervisor", str(folder.run), str(ROOT / "Procfile")],
        run=folder.run,
        log=None if show_output else folder.log / "demo.log",
        env=env,
        cwd=ROOT,
        stdin=subprocess.PIPE,
    )
    try:
        yield Application(int(env["PORT"]), supervisor)
    finally:
        supervisor.stop(patience_s=STOP_WITHIN_S)


def wait_until_ready(running: Application, env: Mapping[str, str], told: Callable[[str], None]) -> None:
    """Tells each process that does its work. Raises StackError when one ends or does not come up."""
    ask = Readiness(address=running.address, redis_url=env["REDIS_URL"])
    deadline = time.monotonic() + READY_WITHIN_S
    for name, ready in (("web", ask.web), ("worker", ask.worker), ("beat", ask.beat)):
        while not ready():
            failure = ""
            if running.supervisor.poll() is not None:
                failure = f"{name} did not start."
            elif time.monotonic() > deadline:
                answer = f" /readyz says: {ask.web_says()}." if name == "web" else ""
                failure = f"{name} was not ready after {READY_WITHIN_S} s.{answer}"
            if failure:
                raise StackError(f"{failure} The end of the log:\n{running.supervisor.log_tail(30)}")
            time.sleep(0.1)
        told(name)

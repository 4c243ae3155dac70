"""HydroML's own processes on top of the backing services: prepare the databases, start web, worker, beat, the monitor
and the demo's weather service, wait, stop."""

import contextlib
import hashlib
import os
import subprocess
import sys
import time
import tomllib
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
    monitor_port: int
    supervisor: Child

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"

    @property
    def monitor_address(self) -> str:
        return f"http://{HOST}:{self.monitor_port}/"


def environment(
    folder: Folder, services: Mapping[str, str], inherited: Mapping[str, str], port: int, monitor_port: int
) -> dict[str, str]:
    """What the processes and what prepares them are told. What the caller has set already stays: SENTRY_DSN, too."""
    weather_port = inherited.get("WEATHER_PORT") or str(free_port())
    monitor_key = hashlib.sha256(folder.secret("monitor-dsn").encode()).hexdigest()[:32]
    monitor = f"{HOST}:{monitor_port}"
    return {
        "SENTRY_RELEASE": release(),
        "SENTRY_DSN": f"http://{monitor_key}@{monitor}/1",
        # A DSN of their own leads to another place, which they name themselves.
        "SENTRY_EVENT_URL": "" if inherited.get("SENTRY_DSN") else f"http://{monitor}/issues/?q={{event_id}}",
        "MONITOR_DSN_KEY": monitor_key,
        "MONITOR_DATA_DIR": str(folder.path / "monitor"),
        "MONITOR_PUBLIC_URL": f"http://{monitor}",
        "MONITOR_SECRET_KEY": folder.secret("monitor"),
        "MONITOR_OUTBOX": "1",
        "MONITOR_DRILL_TOKEN_FILE": str(folder.path / "drill.token"),
        "MONITOR_PROBE_URL": f"http://{HOST}:{port}",
        # With DEBUG it is a developer's machine, of whose errors nobody is told: here one is to see how they would be.
        "MONITOR_ALSO_ALERT_IN": "development",
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
        "MONITOR_PORT": str(monitor_port),
        "WEATHER_PORT": weather_port,
    }


def release() -> str:
    """`hydroml@0.1.0+3f2a91c`: the version, and the commit where there is a repository and git."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--short=7", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        commit = asked.stdout.strip()
    except OSError:
        commit = ""
    return f"hydroml@{version}+{commit}" if commit else f"hydroml@{version}"


@dataclass(frozen=True)
class Logins:
    """Who may log in where, as lines for people."""

    application: str
    monitor: str


def prepare(env: Mapping[str, str]) -> Logins:
    """Bring both databases up to date and load the demo world. Raises StackError when that fails."""
    commands = {"stack.prepare": ["-m", "stack.prepare"], "monitor": ["-m", "monitor", "prepare"]}
    started = {
        name: subprocess.Popen(
            [sys.executable, *command],
            env=dict(env),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, command in commands.items()
    }
    said = {}
    for name, process in started.items():
        said[name], complaints = process.communicate()
        if process.returncode != 0:
            tail = "\n".join(complaints.strip().splitlines()[-15:])
            what = "monitor's database" if name == "monitor" else "database"
            raise StackError(f"The {what} could not be prepared:\n{tail}")
    return Logins(said["stack.prepare"], said["monitor"])


@contextlib.contextmanager
def application(folder: Folder, env: Mapping[str, str], *, show_output: bool) -> Iterator[Application]:
    """All processes of the Procfile under the supervisor; every one of them has ended when the block is left."""
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
        yield Application(int(env["PORT"]), int(env["MONITOR_PORT"]), supervisor)
    finally:
        supervisor.stop(patience_s=STOP_WITHIN_S)


def wait_until_ready(running: Application, env: Mapping[str, str], told: Callable[[str], None]) -> None:
    """Tells each process that does its work. Raises StackError when one ends or does not come up."""
    ask = Readiness(
        address=running.address, redis_url=env["REDIS_URL"], monitor_address=running.monitor_address
    )
    deadline = time.monotonic() + READY_WITHIN_S
    for name, ready in (
        ("monitor", ask.monitor),
        ("web", ask.web),
        ("worker", ask.worker),
        ("beat", ask.beat),
    ):
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

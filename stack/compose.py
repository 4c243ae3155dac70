"""A Compose stack of a check's or a benchmark's own: its project, its ports, its end."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence

from stack.errors import StackError
from stack.folder import ROOT
from stack.ports import HOST, free_port

BASE = "docker-compose.yml"
PRODUCTION = "docker-compose.prod.yml"


def missing() -> str:
    """Why nothing can be run here, in a sentence; nothing when it can."""
    docker = shutil.which("docker")
    if docker is None:
        return "Docker is not installed"
    for command, sentence in (
        (["docker", "compose", "version"], "Docker has no Compose plugin"),
        (["docker", "info"], "no Docker engine answers"),
    ):
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return sentence
    return ""


class Compose:
    """The files of this repository under a name of its own, on free ports of this machine."""

    def __init__(
        self, purpose: str, files: Sequence[str] = (BASE,), given: Mapping[str, str] | None = None
    ) -> None:
        self.port, self.monitor_port, self.scale_port = free_port(), free_port(), free_port()
        self._files = [part for file in files for part in ("--file", file)]
        self.environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"hydroml-{purpose}-{os.getpid()}",
            "PORT": str(self.port),
            "MONITOR_PORT": str(self.monitor_port),
            "SCALE_PORT": str(self.scale_port),
            **(given or {}),
        }

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"

    @property
    def monitor_address(self) -> str:
        return f"http://{HOST}:{self.monitor_port}/"

    @property
    def scale_address(self) -> str:
        return f"http://{HOST}:{self.scale_port}/"

    def command(self, *arguments: str) -> list[str]:
        """To be run in the repository's folder, with `environment`."""
        return ["docker", "compose", *self._files, *arguments]

    def run(self, *arguments: str) -> str:
        """What `docker compose` printed. Raises StackError with the end of its complaints."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise StackError(f"docker compose {' '.join(arguments)}:\n{done.stderr.strip()[-2000:]}")
        return done.stdout

    @contextlib.contextmanager
    def up(self, *options: str, keep: bool = False) -> Iterator[None]:
        """Built, started and healthy; gone with its volumes afterwards, unless it is to be kept."""
        try:
            self.run(*options, "up", "--build", "--wait")
            yield
        finally:
            if not keep:
                self.run(*options, "down", "--volumes", "--timeout", "30")

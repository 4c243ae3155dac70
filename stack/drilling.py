"""What a fire drill needs to know of a running stack, in a file for this user alone, and the drill itself."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stack.application import Application
from stack.control import control_socket
from stack.errors import StackError
from stack.folder import ROOT, Folder
from stack.services import Services
from stack.steering import Steering

FILE = "firedrill.json"


@contextlib.contextmanager
def drillable(
    folder: Folder, env: Mapping[str, str], services: Services, running: Application
) -> Iterator[Path]:
    """While the block lasts, the file is there, and what this stack started can be stopped by who reads it."""
    steering = Steering(services.own, running.supervisor, folder.run)
    with control_socket(folder.run / "control.sock", steering) as socket:
        file = folder.path / FILE
        content = {
            "application": running.address,
            "monitor": running.monitor_address,
            "organization": env.get("MONITOR_ORGANIZATION", "hydroml"),
            "project": env.get("MONITOR_PROJECT", "hydroml"),
            "token_file": env["MONITOR_DRILL_TOKEN_FILE"],
            "dsn": env["SENTRY_DSN"],
            "control": str(socket or ""),
        }
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            json.dump(content, stream, indent=1)
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)


def fire_drill(file: Path, env: Mapping[str, str], arguments: Sequence[str] = ()) -> None:
    """Hold it, showing its table. Raises StackError when something was not as it should be."""
    done = subprocess.run(
        [sys.executable, "manage.py", "firedrill", *arguments],
        cwd=ROOT,
        env={**env, "FIREDRILL_FILE": str(file)},
        check=False,
    )
    if done.returncode != 0:
        raise StackError("The fire drill found something wrong: see its table.")

"""Where one running stack keeps its data, logs and process records: `var/` for the demo, a temporary folder otherwise."""

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stack.errors import StackError
from stack.processes import end_leftovers

ROOT = Path(__file__).resolve().parent.parent
THROWAWAY_PREFIX = "hydroml-"
BEING_MADE_S = 60


@dataclass(frozen=True)
class Folder:
    """The folder of one stack. At most one stack uses it at a time: see `hold`."""

    path: Path

    @property
    def run(self) -> Path:
        """Records of the processes that were started (`stack.processes`)."""
        return self.path / "run"

    @property
    def log(self) -> Path:
        return self.path / "log"

    def make(self) -> None:
        for folder in (self.path, self.run, self.log):
            folder.mkdir(parents=True, exist_ok=True)

    def secret(self, name: str) -> str:
        """A random secret that stays the same for this folder, readable by its owner only."""
        file = self.path / f"{name}.secret"
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(secrets.token_urlsafe(32))
        if not (secret := file.read_text().strip()):
            file.unlink()  # a start was killed between the two steps above
            return self.secret(name)
        return secret


def lock(file: Path) -> IO[str] | None:
    """Take the lock; None when another process has it. The kernel frees it when its holder dies, however it dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    stream = file.open("a+")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        return None
    return stream


@contextlib.contextmanager
def hold(folder: Folder, note: str) -> Iterator[None]:
    """Keep the folder to oneself; what a killed earlier run left running is ended first.

    `note` is shown to whoever finds the folder taken. Raises StackError when somebody else holds it.
    """
    folder.make()
    file = folder.path / "lock"
    stream = lock(file)
    if stream is None:
        raise StackError(f"Already running from {folder.path}: {file.read_text().strip()}")
    with stream:
        stream.seek(0)
        stream.truncate()
        stream.write(f"pid {os.getpid()}, {note}")
        stream.flush()
        end_leftovers(folder.run)
        yield


@contextlib.contextmanager
def throwaway(purpose: str) -> Iterator[Folder]:
    """A temporary folder, gone afterwards. Folders of killed earlier runs are cleared on the way."""
    for path in Path(tempfile.gettempdir()).glob(f"{THROWAWAY_PREFIX}*"):
        clear_if_abandoned(path)
    path = Path(tempfile.mkdtemp(prefix=f"{THROWAWAY_PREFIX}{purpose}-"))
    path.chmod(
        0o711
    )  # under root, PostgreSQL's user passes through; what is secret in it is closed by itself
    folder = Folder(path)
    try:
        with hold(folder, purpose):
            yield folder
    finally:
        shutil.rmtree(path, ignore_errors=True)


def clear_if_abandoned(path: Path) -> None:
    """Remove a throw-away folder whose holder is dead, with the processes it left behind."""
    with contextlib.suppress(OSError):  # somebody else's, or just gone
        note = (path / "lock").stat()
        if path.stat().st_uid != os.getuid():
            return
        # Made a moment ago and not locked yet: to take the lock now would take the folder from who makes it.
        if not note.st_size and time.time() - note.st_mtime < BEING_MADE_S:
            return
        if (stream := lock(path / "lock")) is not None:
            with stream:
                end_leftovers(path / "run")
                shutil.rmtree(path, ignore_errors=True)

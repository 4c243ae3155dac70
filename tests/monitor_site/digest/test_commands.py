"""`prepare` in all its cases; twice does no harm."""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from monitor.access.models import Role, User
from monitor.access.tokens import authenticate
from monitor.ingest.keyring import ProjectKey, publish_keys, read_keys
from monitor.projects.models import Key, Project
from monitor.projects.publishing import publish, publish_again
from monitor.projects.set_up import DEMO_ADMIN, DEMO_PASSWORD

pytestmark = pytest.mark.django_db
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _ground(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_ROOT = tmp_path
    settings.PUBLIC_URL = "https://monitor.example"


def prepare(**options: Any) -> str:
    said = io.StringIO()
    call_command("prepare", stdout=said, stderr=io.StringIO(), **options)
    return said.getvalue().strip()


def keys(settings: Settings) -> dict[str, ProjectKey]:
    return read_keys(Path(settings.KEYS_FILE))


def test_a_monitor_that_was_never_used_gets_a_project_with_a_published_key(settings: Settings) -> None:
    dsn = prepare(print_dsn=True)
    project = Project.objects.get()
    assert (project.slug, project.name) == ("hydroml", "HydroML")
    key = Key.objects.get()
    assert dsn == key.dsn == f"https://{key.public_key}@monitor.example/{project.pk}"
    assert keys(settings) == {key.public_key: ProjectKey(key.public_key, project.pk)}
    assert prepare(print_dsn=True) == dsn


def test_the_very_first_project_has_the_number_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sqlite_sequence SET seq = 41 WHERE name = 'projects_project'")
    prepare()
    assert Project.objects.get().pk == 1


def test_project_and_key_may_be_given(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv("MONITOR_PROJECT", "rivers")
    monkeypatch.setenv("MONITOR_DSN_KEY", KEY.upper())
    prepare()
    prepare()
    key = Key.objects.get()
    assert (key.public_key, key.project.slug, key.label) == (KEY, "rivers", "Default")
    assert set(keys(settings)) == {KEY}


def test_another_key_is_added_to_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    prepare()
    first = Key.objects.get()
    monkeypatch.setenv("MONITOR_DSN_KEY", KEY)
    assert KEY in prepare(print_dsn=True)
    assert set(keys(settings)) == {first.public_key, KEY}


@pytest.mark.parametrize(
    ("name", "value"),
    [("MONITOR_DSN_KEY", "short"), ("MONITOR_PROJECT", "No Slug"), ("MONITOR_ADMIN_EMAIL", "a@b.c")],
)
def test_what_is_wrong_stops_it_with_the_variable_s_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CommandError, match=name):
        prepare()


def test_a_key_of_another_project_is_not_taken_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Project.objects.create(slug="other", name="Other").keys.create(public_key=KEY)
    monkeypatch.setenv("MONITOR_DSN_KEY", KEY)
    with pytest.raises(CommandError, match="of the project other"):
        prepare()


def test_the_demo_has_an_admin_whose_password_is_said(settings: Settings) -> None:
    settings.DEBUG = True
    said = prepare()
    assert said == f"{DEMO_ADMIN[0]}  {DEMO_PASSWORD}  ({DEMO_ADMIN[1]}, admin)"
    user = User.objects.get()
    assert user.role == Role.ADMIN
    user.set_password("another one")
    user.save()
    assert prepare() == "", "it is not the password any more"


def test_a_token_for_the_fire_drill_is_kept_in_a_file_for_its_user_alone(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    settings.DEBUG = True
    file = tmp_path / "drill.token"
    monkeypatch.setenv("MONITOR_DRILL_TOKEN_FILE", str(file))
    prepare()
    bearer = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    token = authenticate(bearer)
    assert token is not None
    assert "alerts:read" in token.scopes
    assert not any(scope.endswith((":write", ":admin")) for scope in token.scopes)
    prepare()
    assert file.read_text() == bearer
    token.delete()
    prepare()
    assert authenticate(file.read_text()) is not None


def test_without_debug_nobody_has_a_known_password(settings: Settings) -> None:
    settings.DEBUG = False
    prepare()
    assert not User.objects.exists()


def test_an_admin_may_be_given_and_keeps_the_password(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.DEBUG = True
    monkeypatch.setenv("MONITOR_ADMIN_EMAIL", "Ada@example.org")
    monkeypatch.setenv("MONITOR_ADMIN_PASSWORD", "first password")
    assert prepare() == ""
    monkeypatch.setenv("MONITOR_ADMIN_PASSWORD", "second password")
    prepare()
    user = User.objects.get()
    assert (user.email, user.role) == ("ada@example.org", Role.ADMIN)
    assert user.check_password("first password")


def test_the_database_can_give_space_back() -> None:
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_the_database_is_opened_for_reading_while_another_connection_writes(
    settings: Settings, tmp_path: Path
) -> None:
    opening = settings.DATABASES["default"]["OPTIONS"]["init_command"]
    file = tmp_path / "monitor.sqlite3"
    with closing(sqlite3.connect(file)) as writer, closing(sqlite3.connect(file, timeout=0)) as reader:
        writer.executescript(f"PRAGMA auto_vacuum=INCREMENTAL; {opening} CREATE TABLE kept (value)")
        writer.execute("BEGIN IMMEDIATE")
        reader.executescript(opening)
        assert reader.execute("SELECT count(*) FROM kept").fetchone() == (0,)


class TestPublishing:
    def test_keys_as_they_are(self, project: Project, settings: Settings) -> None:
        key = project.keys.get()
        off = project.keys.create(is_active=False, origins=["https://A.example"])
        publish()
        assert keys(settings) == {
            key.public_key: ProjectKey(key.public_key, project.pk),
            off.public_key: ProjectKey(
                off.public_key, project.pk, is_active=False, origins=("https://a.example",)
            ),
        }

    @pytest.mark.parametrize("content", [None, b"", b"[]", b'{"keys": [5]}', b'{"keys": []}'])
    def test_a_file_that_is_gone_or_broken_or_old_is_mended(
        self, project: Project, settings: Settings, content: bytes | None
    ) -> None:
        if content is not None:
            Path(settings.KEYS_FILE).write_bytes(content)
        publish_again(0.0)
        assert set(keys(settings)) == {project.keys.get().public_key}

    def test_one_that_is_right_is_not_written_again(self, project: Project, settings: Settings) -> None:
        publish()
        before = Path(settings.KEYS_FILE).stat().st_ino
        publish_again(0.0)
        assert Path(settings.KEYS_FILE).stat().st_ino == before
        publish_keys(Path(settings.KEYS_FILE), [])
        publish_again(0.0)
        assert len(keys(settings)) == 1


def test_the_port_is_said_once(tmp_path: Path) -> None:
    """Both the DSN and what `web` listens on follow MONITOR_PORT."""
    given = {"MONITOR_PORT": "8177", "MONITOR_DEBUG": "1", "MONITOR_DATA_DIR": str(tmp_path)}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}

    def said(*command: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "monitor", *command],
            env=inherited | given, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    assert "@127.0.0.1:8177/" in said("prepare", "--print-dsn")
    assert "8177: MONITOR_PORT" in said("web", "--help")

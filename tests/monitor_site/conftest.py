"""What the tests of the monitor's rooms share: a project, people of each role, and the whole way from spool to tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from monitor.access.models import Role, User
from monitor.digest.management.commands.prepare import give_space_back
from monitor.digest.payloads import payload_store
from monitor.projects.models import Key, Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.in_browser import beside_playwright, kept_page, opened, opened_as

__all__ = ["beside_playwright", "kept_page", "opened", "opened_as"]

PASSWORD = "a-long-password"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """As `prepare` leaves a database; within a test's transaction it could not."""
    with django_db_blocker.unblock():
        give_space_back()


@pytest.fixture(autouse=True)
def _own_ground(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Spool, keys and payloads of each test alone. The database is the run's, and each test's rows go with the test."""
    settings.SPOOL_DIRECTORY = tmp_path / "spool"
    settings.KEYS_FILE = tmp_path / "keys.json"
    settings.PAYLOAD_DIRECTORY = tmp_path / "payloads"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield
    payload_store().close()


@pytest.fixture
def project(db: None) -> Project:
    """`hydroml`, with one key."""
    made = Project.objects.create(slug="hydroml", name="HydroML")
    Key.objects.create(project=made)
    return made


@pytest.fixture
def other_project(db: None) -> Project:
    """One that `member` and `viewer` may not see."""
    made = Project.objects.create(slug="other", name="Other")
    Key.objects.create(project=made)
    return made


def _person(name: str, role: Role, *projects: Project) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.org", PASSWORD, name=name, role=role)
    user.projects.set(projects)
    return user


@pytest.fixture
def admin(db: None) -> User:
    return _person("Ada", Role.ADMIN)


@pytest.fixture
def member(project: Project) -> User:
    return _person("Mary", Role.MEMBER, project)


@pytest.fixture
def viewer(project: Project) -> User:
    return _person("Vera", Role.VIEWER, project)


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def as_admin(admin: User) -> Client:
    return _logged_in(admin)


@pytest.fixture
def as_member(member: User) -> Client:
    return _logged_in(member)


@pytest.fixture
def as_viewer(viewer: User) -> Client:
    return _logged_in(viewer)


@pytest.fixture
def deliver(project: Project, settings: Settings) -> Delivery:
    """`deliver(*things, project=…, received=…)`: see tests/monitor_site/delivering.py."""
    return Delivery(Path(settings.SPOOL_DIRECTORY), project, now=time.time())

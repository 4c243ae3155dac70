"""What all tests of the application share: a data directory of their own, quick password hashes, people and projects.

A plugin and no conftest.py, because the monitor's tests have none of its models (conftest.py at the root).
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from projects.models import Membership, Project, Role
from projects.services import create_project


@pytest.fixture(autouse=True)
def _own_ground(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_ROOT = tmp_path / "data"
    settings.MEDIA_ROOT = settings.DATA_ROOT
    settings.INCOMING_ROOT = settings.DATA_ROOT / "incoming"
    settings.INCOMING_ROOT.mkdir(parents=True)
    # No lease is renewed while a test runs: the renewing thread's connection sees nothing of a test's transaction.
    settings.JOB_LEASE_S = 3600
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Makes users with the password `a-long-password`."""
    count = 0

    def make(name: str = "Ada Lovelace", **fields: object) -> User:
        nonlocal count
        count += 1
        email = str(fields.pop("email", f"user{count}@example.org"))
        return User.objects.create_user(email, "a-long-password", name=name, **fields)

    return make


@pytest.fixture
def owner(make_user: Callable[..., User]) -> User:
    return make_user("Olga Owner", email="olga@example.org")


@pytest.fixture
def project(owner: User) -> Project:
    return create_project(owner=owner, name="Narraguagus")


@pytest.fixture
def member(make_user: Callable[..., User], project: Project) -> Callable[[Role], User]:
    """Makes a member of `project` with a role."""

    def make(role: Role) -> User:
        user = make_user(f"Max {role.label}")
        Membership.objects.create(project=project, user=user, role=role)
        return user

    return make


@pytest.fixture
def owner_client(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client

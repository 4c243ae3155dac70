"""The same form sent twice at once makes one thing, and the other answer says that it is there already."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from monitor.access import services as of_users
from monitor.access.models import User
from monitor.projects import services as of_projects
from monitor.projects.models import Project

PROJECT = {"name": "Web shop", "slug": "shop", "platform": "node"}
PERSON = {"email": "new@example.org", "name": "Nell", "role": "viewer"}


def together(made: Callable[..., Any]) -> Callable[..., Any]:
    """It waits for the other one, unless that cannot come so far."""
    both = Barrier(2)

    def waiting(*args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(BrokenBarrierError):
            both.wait(0.5)
        return made(*args, **kwargs)

    return waiting


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "fields", "module", "name"),
    [
        ("/projects/new/", PROJECT, of_projects, "create_project"),
        ("/accounts/users/new/", PERSON, of_users, "invite"),
    ],
)
def test_what_is_sent_twice_at_once_is_made_once(
    admin: User,
    path: str,
    fields: dict[str, str],
    module: Any,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, name, together(getattr(module, name)))

    def send(_: int) -> tuple[int, str]:
        client = Client(raise_request_exception=False)
        client.force_login(admin)
        try:
            response = client.post(path, fields)
            return response.status_code, response.content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        (first, _), (second, said) = sorted(pool.map(send, range(2)))
    assert (first < 400, second) == (True, 422)
    assert "already" in said
    assert (
        Project.objects.filter(slug="shop").count() + User.objects.filter(email=PERSON["email"]).count() == 1
    )

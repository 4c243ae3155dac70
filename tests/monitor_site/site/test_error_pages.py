"""The monitor's own error pages need nothing that could fail as well, and tell nobody."""

import logging
import re
from collections.abc import Iterator

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from monitor.urls import handler400, handler403, handler404, handler500  # noqa: F401 (of this URLconf)


def _raising(error: Exception):  # type: ignore[no-untyped-def]
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    view.login_required = False  # type: ignore[attr-defined]
    return view


urlpatterns = [
    path("boom/", _raising(RuntimeError("the secret cause"))),
    path("api/boom/", _raising(RuntimeError("the secret cause"))),
    path("locked/", _raising(OperationalError("database is locked"))),
    path("no/", _raising(PermissionDenied("Only Tuesdays."))),
    path("odd/", _raising(SuspiciousOperation("<evil>"))),
]


@pytest.fixture(autouse=True)
def _failing_site() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__, DEBUG=False):
        yield


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_a_failure_has_an_id_that_the_log_has_too(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = client.get("/boom/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "the secret cause" not in page
    found = re.search(r"<span>([0-9a-f]{16})</span>", page)
    assert found
    assert any(found[1] in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/no/", 403, "Only Tuesdays."),
        ("/odd/", 400, "makes no sense"),
        ("/nowhere/", 404, "nothing at this address"),
        ("/locked/", 503, "database does not answer"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_each_status_has_its_page(client: Client, address: str, status: int, says: str) -> None:
    response = client.get(address)
    assert response.status_code == status
    assert says in response.content.decode()
    assert b"evil" not in response.content


def test_a_busy_database_says_when_to_come_again(client: Client) -> None:
    assert client.get("/locked/")["Retry-After"] == "10"


def test_clients_of_the_api_get_json(client: Client) -> None:
    response = client.get("/api/boom/")
    assert response.status_code == 500
    assert re.fullmatch(r"[0-9a-f]{16}", response.json()["errorId"])
    assert client.get("/nowhere/", headers={"accept": "application/json"}).json()["detail"]


def test_a_page_needs_no_database(client: Client) -> None:
    # Without the db fixture, any query fails the test.
    assert client.get("/nowhere/", headers={"cookie": "theme=dark"}).content.count(b'data-theme="dark"') == 1


def test_a_page_that_cannot_be_drawn_is_answered_in_words(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise OSError("no templates")

    monkeypatch.setattr("monitor.site.error_pages.render_to_string", fails)
    response = client.get("/nowhere/")
    assert (response.status_code, response["Content-Type"]) == (404, "text/plain")
    assert b"nothing at this address" in response.content

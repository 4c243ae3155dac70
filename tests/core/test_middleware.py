"""The ids and facts of a request, as they reach its answer and its events through the real handlers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sentry_sdk
from django.contrib.sessions.backends.db import SessionStore
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from core.request_details import user_agent_family
from core.request_facts import make_error_id
from tests.core.wire import WsgiClient, reporting

ERROR_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


@pytest.fixture(autouse=True)
def _failing_site(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.core.failing_site"
    settings.DEBUG = False


def test_a_well_formed_request_id_goes_through_and_any_other_is_replaced() -> None:
    call = WsgiClient()
    assert call("/fine", headers={"X-Request-ID": "req_1234-abcd"}).headers["X-Request-ID"] == "req_1234-abcd"
    for bad in ("short", "x" * 65, "has space in it", "new\nline-here", "<script>alert</script>"):
        made = call("/fine", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
        assert made != bad
        assert re.fullmatch(r"[0-9a-f]{32}", made)


def test_error_ids_are_readable_and_all_different() -> None:
    made = {make_error_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(ERROR_ID.fullmatch(each) for each in made)


def test_a_failed_request_has_one_error_id_in_header_page_and_event(call: Any) -> None:
    with reporting() as sent:
        answer = call("/breaks", headers={"X-Request-ID": "request-0001"})
    (event,) = sent.errors
    error_id = answer.headers["X-Error-Id"]
    assert ERROR_ID.fullmatch(error_id)
    assert answer.status == 500
    assert error_id in answer.text
    assert event["tags"]["error_id"] == error_id
    assert event["tags"]["request_id"] == "request-0001"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False


def test_an_event_tells_method_route_view_app_ids_and_browser(call: Any) -> None:
    project_id = uuid.uuid4()
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    with reporting() as sent:
        call(f"/projects/{project_id}/", headers={"User-Agent": firefox})
    (event,) = sent.errors
    tags = event["tags"]
    assert tags["method"] == "GET"
    assert tags["route"] == "projects/<uuid:project_id>/"
    assert tags["view"] == "tests.core.failing_site.breaks"
    assert tags["app_name"] == "projects"
    assert tags["user_agent_family"] == "firefox"
    assert event["contexts"]["ids"] == {"project_id": str(project_id)}
    assert event["contexts"]["preferences"]["language"] == "en"


def test_a_token_in_the_address_is_no_id() -> None:
    with reporting() as sent:
        WsgiClient()(f"/projects/{uuid.uuid4()}/Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5/")
    (event,) = sent.errors
    assert set(event["contexts"]["ids"]) == {"datasource_id"}
    assert "Zm9vYmFyYmF6" not in str(event)


def test_the_sdks_own_transaction_is_tagged_and_there_is_one(call: Any) -> None:
    with reporting(SENTRY_TRACES_SAMPLE_RATE="1.0") as sent:
        call("/projects/")
    (transaction,) = sent.transactions
    tags = transaction["tags"]
    assert (tags["method"], tags["route"], tags["status"]) == ("GET", "projects/", "200")
    assert "error_id" not in tags


@pytest.mark.django_db
def test_no_query_and_no_vary_cookie_for_a_page_that_needs_no_user(
    make_user: Callable[..., User],
    settings: Settings,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    settings.MIDDLEWARE = [
        name for name in settings.MIDDLEWARE if not name.startswith(("accounts.", "axes."))
    ]
    cookie = _session_of(make_user())
    with reporting() as sent, django_assert_num_queries(0):
        fine = WsgiClient()("/fine", headers={"Cookie": cookie})
        WsgiClient()("/breaks", headers={"Cookie": cookie, "X-User-Id": "4711"})
    assert "Cookie" not in fine.headers.get("Vary", "")
    (event,) = sent.errors
    assert "role" not in event["tags"]
    assert "4711" not in str(event.get("user", {}))
    assert not (event.get("user") or {}).get("id")


@pytest.mark.django_db
def test_a_user_that_the_view_looked_at_is_an_id_and_a_role(make_user: Callable[..., User]) -> None:
    user = make_user("Ada Lovelace", is_staff=True, theme="dark", time_zone="Europe/Berlin")
    with reporting() as sent:
        WsgiClient()("/looks-at-user", headers={"Cookie": _session_of(user)})
    (event,) = sent.errors
    assert event["user"]["id"] == str(user.pk)
    assert event["tags"]["role"] == "admin"
    assert event["contexts"]["preferences"] == {
        "theme": "dark",
        "language": "en",
        "timezone": "Europe/Berlin",
    }
    assert "Lovelace" not in str(event)
    assert user.email not in str(event)


def test_nothing_of_one_request_reaches_the_next(call: Any) -> None:
    with reporting() as sent:
        call(f"/projects/{uuid.uuid4()}/", headers={"X-Request-ID": "first-request"})
        call("/breaks", headers={"X-Request-ID": "second-request"})
        outside = sentry_sdk.capture_message("outside of any request")
    first, second, last = sent.errors
    assert second["tags"]["request_id"] == "second-request"
    assert "ids" not in second["contexts"]
    assert first["tags"]["error_id"] != second["tags"]["error_id"]
    assert last["event_id"] == outside
    assert not {"request_id", "error_id", "route", "role"} & set(last["tags"])


def test_without_the_sdks_own_scope_nothing_stays_with_the_thread(client: Any) -> None:
    with reporting() as sent:
        client.raise_request_exception = False
        client.get("/breaks")
        sentry_sdk.capture_message("outside of any request")
    assert "request_id" in sent.errors[0]["tags"]
    assert "request_id" not in sent.errors[1]["tags"]


def test_an_error_while_streaming_still_tells_its_request() -> None:
    with reporting() as sent, pytest.raises(Exception, match="second row"):
        WsgiClient()("/breaks-while-streaming", headers={"X-Request-ID": "streaming-1"})
    (event,) = sent.errors
    assert event["tags"]["request_id"] == "streaming-1"


def test_our_own_expected_errors_are_answered_in_their_own_words_and_not_reported(call: Any) -> None:
    with reporting() as sent:
        answer = call("/expected")
    assert answer.status == 400
    assert "The file has no column named date. Add one." in answer.text
    assert sent.errors == []


def test_a_5xx_that_a_view_returns_is_one_event_and_a_probes_is_none(call: Any) -> None:
    with reporting() as sent:
        answer = call("/returns-502")
        call("/livez")
    (event,) = sent.errors
    assert (answer.status, answer.text) == (502, "the weather service is away")
    assert event["tags"]["error_id"] == answer.headers["X-Error-Id"]
    assert event["tags"]["status"] == "502"
    assert event["fingerprint"] == ["returned", "returns-502", "502"]


def test_the_error_id_stands_in_the_log_line_of_the_failure(caplog: pytest.LogCaptureFixture) -> None:
    answer = WsgiClient()("/breaks")
    lines = [
        record.msg
        for record in caplog.records
        if isinstance(record.msg, dict) and record.msg["event"] == "request_failed"
    ]
    assert [line["error_id"] for line in lines] == [answer.headers["X-Error-Id"]]
    assert lines[0]["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("", "none"),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.28", "python"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
        ("Mozilla/5.0 AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "edge"),
        ("Mozilla/5.0 AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "chrome"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", "safari"),
        ("SomethingElse/1.0", "other"),
    ],
)
def test_browsers_are_known_by_family_only(agent: str, family: str) -> None:
    assert user_agent_family({"HTTP_USER_AGENT": agent}) == family


def _session_of(user: User) -> str:
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    return f"sessionid={session.session_key}"


def test_a_bound_request_costs_the_sdk_one_processor() -> None:
    seen: list[int] = []

    def look(event: Any, hint: Any) -> Any:
        seen.append(len(sentry_sdk.get_isolation_scope()._event_processors))
        return event

    with reporting():
        sentry_sdk.get_global_scope().add_event_processor(look)
        for _ in range(3):
            WsgiClient()("/breaks")
        sentry_sdk.get_global_scope()._event_processors.remove(look)
    assert len(seen) == 3
    assert len(set(seen)) == 1

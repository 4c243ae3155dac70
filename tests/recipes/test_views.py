"""Decorators, middleware and habits around views, through the real WSGI handler."""

from __future__ import annotations

from typing import Any

import sentry_sdk
from django.core.signals import request_finished
from django.test import Client

from tests.recipes import site
from tests.recipes.process import in_a_process
from tests.recipes.stage import WsgiClient, our_site, ours, plain, recipe_site

Seen = tuple[int, int]


def _stage(is_ours: bool, *middleware: str, **more: Any) -> Any:
    (our_site if is_ours else recipe_site)(*middleware, **more)
    return ours() if is_ours else plain()


def _statuses(is_ours: bool) -> dict[str, Seen]:
    transport = _stage(is_ours)
    get, seen = WsgiClient(), {}
    for path in ("missing", "forbidden", "breaks"):
        before = len(transport.errors)
        seen[path] = (get(f"/caught/{path}").status, len(transport.errors) - before)
    return seen


def test_a_decorator_that_catches_exception_answers_everything_with_200() -> None:
    assert in_a_process(_statuses, False) == {"missing": (200, 1), "forbidden": (200, 1), "breaks": (200, 1)}
    assert in_a_process(_statuses, True) == {"missing": (404, 0), "forbidden": (403, 0), "breaks": (500, 1)}


def _rows_kept(is_ours: bool) -> tuple[int, int]:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "ATOMIC_REQUESTS": True}
    _stage(is_ours, DATABASES={"default": database})
    site.make_table()
    return WsgiClient()("/caught/writes-half").status, site.orders()


def test_a_decorator_that_catches_exception_commits_half_of_the_work() -> None:
    assert in_a_process(_rows_kept, False) == (200, 1)
    assert in_a_process(_rows_kept, True) == (500, 0)


def _tags_of_the_report(is_ours: bool) -> list[dict[str, str]]:
    transport = _stage(is_ours)
    if not is_ours:
        WsgiClient()("/caught/breaks")
    else:
        from core.sentry import capture_exception

        try:
            site.breaks(None)  # type: ignore[arg-type]
        except site.StageError as error:
            capture_exception(error, tags={"view": "breaks"})
            site.logger.error("failed", exc_info=True)
    return [event.get("tags") or {} for event in transport.errors]


def test_logging_before_capturing_loses_the_tags() -> None:
    """The log record is the event; the capture after it is a duplicate, dropped with the tags set in between."""
    assert in_a_process(_tags_of_the_report, False) == [{}]
    [tags] = in_a_process(_tags_of_the_report, True)
    assert tags["view"] == "breaks"


def _handled(path: str, is_ours: bool) -> list[tuple[str, bool]]:
    transport = _stage(is_ours)
    WsgiClient()(path)
    mechanisms = [event["exception"]["values"][-1]["mechanism"] for event in transport.errors]
    return [(each["type"], each["handled"]) for each in mechanisms]


def test_logging_and_raising_reports_a_crash_as_handled() -> None:
    """So the crash-free share of sessions is too good."""
    assert in_a_process(_handled, "/logs-and-raises", False) == [("logging", True)]
    assert in_a_process(_handled, "/logs-and-raises", True) == [("django", False)]


def _events_of(path: str, is_ours: bool) -> int:
    transport = _stage(is_ours)
    WsgiClient()(path)
    return len(transport.errors)


def test_capturing_and_raising_another_from_it_reports_twice() -> None:
    assert in_a_process(_events_of, "/captures-and-wraps", False) == 2
    assert in_a_process(_events_of, "/captures-and-wraps", True) == 1
    assert in_a_process(_events_of, "/wraps", True) == 1


def _id_on_the_page(is_ours: bool) -> tuple[bool, bool]:
    transport = _stage(is_ours)
    earlier = sentry_sdk.capture_message("start-up is complete", level="error")
    assert earlier is not None
    assert transport.errors
    if is_ours:
        answer = WsgiClient()("/missing")
        return earlier in answer.text, "X-Error-Id" in answer.headers
    shown: list[str | None] = []
    request_finished.connect(lambda **_: shown.append(sentry_sdk.last_event_id()), weak=False)
    WsgiClient()("/missing")
    return shown == [earlier], False


def test_last_event_id_names_an_error_of_somebody_else() -> None:
    assert in_a_process(_id_on_the_page, False)[0]
    assert in_a_process(_id_on_the_page, True) == (False, False)


def _forged_hosts(is_ours: bool) -> int:
    transport = _stage(is_ours)
    get = WsgiClient()
    for number in range(5):
        get("/asks-host", headers={"host": f"forged-{number}.example"})
        get("/suspicious")
    return len(transport.errors)


def test_each_forged_host_header_is_an_event() -> None:
    assert in_a_process(_forged_hosts, False) > 4
    assert in_a_process(_forged_hosts, True) == 0


def _vary(is_ours: bool) -> str:
    sessions = "django.contrib.sessions.middleware.SessionMiddleware"
    if is_ours:
        _stage(True, sessions, "django.contrib.auth.middleware.AuthenticationMiddleware")
    else:
        _stage(False, sessions, "tests.recipes.site.UserInTags")
    return WsgiClient()("/fine").headers.get("Vary", "")


def test_asking_for_the_user_in_a_middleware_makes_every_page_vary_by_cookie() -> None:
    """No proxy may keep any page any more, and each request of a logged-in user costs a query or two."""
    assert in_a_process(_vary, False) == "Cookie"
    assert in_a_process(_vary, True) == ""


def _through_the_test_client() -> tuple[Any, Any]:
    transport = _stage(False)
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    client.get("/breaks")
    WsgiClient()("/breaks")
    by_client, by_server = transport.errors
    return by_client.get("request", {}).get("url"), by_server["request"]["url"]


def test_djangos_test_client_goes_past_the_sdk() -> None:
    """No request, no scope of its own, no transaction: a test by it proves nothing. Ours call the WSGI handler."""
    assert in_a_process(_through_the_test_client) == (None, "http://localhost/breaks")

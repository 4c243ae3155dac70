"""handle_view_errors through the real handlers: one report, the right status, nothing half-written."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from pytest_django.fixtures import Settings

from core import error_pages
from core.decorators import handle_view_errors
from core.errors import PipelineError, UserInputError
from core.sentry import capture_exception
from tests.core.wire import AsgiClient, WsgiClient, reporting


def raising(exc: Callable[[], Exception]) -> Callable[..., Any]:
    def view(request: HttpRequest) -> HttpResponse:
        raise exc()

    return view


def raising_async(exc: Callable[[], Exception]) -> Callable[..., Any]:
    async def view(request: HttpRequest) -> HttpResponse:
        raise exc()

    return view


ERRORS: dict[str, Callable[[], Exception]] = {
    "pipeline": lambda: PipelineError("The sums do not add up."),
    "database": lambda: OperationalError("connection refused"),
    "expected": lambda: UserInputError("Row 3 has no date."),
    "missing": lambda: Http404("gone"),
    "forbidden": lambda: PermissionDenied("no"),
    "suspicious": lambda: SuspiciousOperation("hm"),
    "bad": lambda: BadRequest("no"),
}


@handle_view_errors
def reports_itself(request: HttpRequest) -> HttpResponse:
    error = PipelineError("reported on the way")
    capture_exception(error)
    raise error


@handle_view_errors
def redirects(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/elsewhere")


@handle_view_errors(json_response=True)
def writes_then_fails(request: HttpRequest) -> HttpResponse:
    Group.objects.create(name="half-written")
    raise PipelineError("The second half failed.")


@method_decorator(handle_view_errors("core/feedback_kept.html"), name="dispatch")
class ClassBased(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        raise PipelineError("The sums do not add up.")


handler400 = error_pages.bad_request
handler403 = error_pages.permission_denied
handler404 = error_pages.page_not_found
handler500 = error_pages.server_error
urlpatterns = [
    *(path(name, handle_view_errors()(raising(exc))) for name, exc in ERRORS.items()),
    *(path(f"{name}-async", handle_view_errors()(raising_async(exc))) for name, exc in ERRORS.items()),
    path("json", handle_view_errors(json_response=True)(raising(ERRORS["pipeline"]))),
    path("json-expected", handle_view_errors(json_response=True)(raising(ERRORS["expected"]))),
    path("reports-itself", reports_itself),
    path("redirects", redirects),
    path("writes-then-fails", writes_then_fails),
    path("class-based", ClassBased.as_view()),
]


@pytest.fixture(autouse=True)
def _this_site(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.DEBUG = False


@pytest.mark.parametrize("how", ["", "-async"])
@pytest.mark.parametrize("client", [WsgiClient, AsgiClient])
@pytest.mark.parametrize(
    ("kind", "status", "events"),
    [
        ("pipeline", 500, 1),
        ("database", 503, 1),
        ("expected", 400, 0),
        ("missing", 404, 0),
        ("forbidden", 403, 0),
        ("suspicious", 400, 0),
        ("bad", 400, 0),
    ],
)
def test_each_kind_has_its_status_and_its_number_of_events(
    client: type[Any], how: str, kind: str, status: int, events: int
) -> None:
    with reporting() as sent:
        answer = client()(f"/{kind}{how}")
    assert answer.status == status
    assert len(sent.errors) == events
    if events:
        (event,) = sent.errors
        shown = re.search(r"Event <code>([0-9a-f]{32})</code>", answer.text)
        assert shown is not None
        assert shown[1] == event["event_id"]
        assert event["tags"]["error_id"] == answer.headers["X-Error-Id"]
        assert event["exception"]["values"][-1]["mechanism"]["handled"] is True


def test_json_has_the_recipes_shape_and_our_id() -> None:
    with reporting() as sent:
        answer = WsgiClient()("/json")
        expected = WsgiClient()("/json-expected")
    assert answer.status == 500
    assert answer.json() == {
        "success": False,
        "error": "Something broke on our side.",
        "error_id": sent.errors[0]["tags"]["error_id"],
    }
    assert expected.status == 400
    assert expected.json()["error"] == "Row 3 has no date."
    assert len(sent.errors) == 1


def test_an_error_reported_on_the_way_is_one_event_and_the_page_shows_it() -> None:
    with reporting() as sent:
        answer = WsgiClient()("/reports-itself")
    (event,) = sent.errors
    assert event["event_id"] in answer.text
    assert "The team has been told." in answer.text


def test_a_redirect_goes_through() -> None:
    answer = WsgiClient()("/redirects")
    assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")


def test_an_own_template_is_drawn_for_class_based_views_too() -> None:
    answer = WsgiClient()("/class-based")
    assert answer.status == 500
    assert "Thank you." in answer.text


@pytest.mark.django_db(transaction=True)
def test_nothing_half_written_is_committed_under_atomic_requests(settings: Settings) -> None:
    from django.db import connection

    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert WsgiClient()("/writes-then-fails").status == 500
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
    assert not Group.objects.filter(name="half-written").exists()


@pytest.mark.django_db
def test_a_test_case_can_still_query_after_a_handled_error() -> None:
    with transaction.atomic():
        assert WsgiClient()("/pipeline").status == 500
    assert Group.objects.count() == 0

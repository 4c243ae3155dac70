"""Addresses that fail in every way a request can: for the tests of the middleware, the pages and the decorator."""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path
from django.views.decorators.http import require_POST

from core import error_pages
from core.error_feedback import error_feedback
from core.errors import PipelineError, UserInputError
from core.sentry import capture_exception, capture_message


def fine(request: HttpRequest, **ids: Any) -> HttpResponse:
    return HttpResponse("fine")


async def fine_async(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse("fine")


def looks_at_user(request: HttpRequest) -> HttpResponse:
    _ = request.user.is_authenticated
    raise PipelineError("The sums do not add up.")


def breaks(request: HttpRequest, **ids: Any) -> HttpResponse:
    raise PipelineError("The sums do not add up.")


async def breaks_async(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    raise PipelineError("The sums do not add up.")


def database_away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("connection refused")


def expected(request: HttpRequest) -> HttpResponse:
    raise UserInputError("The file has no column named date. Add one.")


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404("no such thing")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("Only owners may delete a project.")


def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("<script>alert(1)</script>")


def bad(request: HttpRequest) -> HttpResponse:
    raise BadRequest("no")


def reports_then_breaks(request: HttpRequest) -> HttpResponse:
    try:
        raise LookupError("handled on the way")
    except LookupError as error:
        capture_exception(error)
    capture_message("something else")
    raise PipelineError("The sums do not add up.")


def breaks_while_streaming(request: HttpRequest) -> StreamingHttpResponse:
    def rows() -> Any:
        yield b"first row\n"
        raise PipelineError("The second row broke.")

    return StreamingHttpResponse(rows())


def returns_502(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the weather service is away", status=502)


handler400 = error_pages.bad_request
handler403 = error_pages.permission_denied
handler404 = error_pages.page_not_found
handler500 = error_pages.server_error

projects = (
    [
        path("", fine, name="list"),
        path("new/", fine, name="create"),
        path("<uuid:project_id>/", breaks, name="detail"),
        path("<uuid:source_id>/<str:token>/", breaks, name="shared"),
    ],
    "projects",
)

urlpatterns = [
    path("", fine, name="home"),
    path("projects/", include(projects)),
    path("fine", fine),
    path("fine-async", fine_async),
    path("breaks", breaks, name="breaks"),
    path("only-posted", require_POST(fine)),
    path("breaks-async", breaks_async),
    path("looks-at-user", looks_at_user),
    path("database-away", database_away),
    path("expected", expected),
    path("missing", missing),
    path("forbidden", forbidden),
    path("suspicious", suspicious),
    path("bad", bad),
    path("reports-then-breaks", reports_then_breaks),
    path("returns-502", returns_502),
    path("livez", returns_502),
    path("breaks-while-streaming", breaks_while_streaming),
    path("api/error-feedback/", error_feedback, name="error-feedback"),
]

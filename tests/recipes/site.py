"""Views that fail as views do, some with the code that recipes publish."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import sentry_sdk
from django.contrib.auth import get_user
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.functional import SimpleLazyObject

logger = logging.getLogger("shop")


class StageError(Exception):
    """Ours: nobody ignores it."""


def with_errors_caught(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The published decorator: logs, tags, captures, answers."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Exception as error:
            logger.error("Error in %s: %s", view.__name__, error, exc_info=True)
            sentry_sdk.set_tag("view", view.__name__)
            sentry_sdk.capture_exception(error)
            return HttpResponse("Something went wrong.")

    return wrapped


class UserInTags:
    """The published middleware: asks for the user of every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # As AuthenticationMiddleware does it.
        request.user = SimpleLazyObject(lambda: get_user(request))  # type: ignore[assignment]
        if request.user.is_authenticated:
            sentry_sdk.set_user({"id": request.user.pk})
        return self.get_response(request)


class Performance:
    """The published middleware: a transaction for each request, beside the SDK's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with sentry_sdk.start_transaction(op="http.server", name=f"{request.method} {request.path}"):
            return self.get_response(request)


class PostInContext:
    """The published middleware: what was posted, into a context."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        sentry_sdk.set_context("request_data", {"POST": dict(request.POST)})


def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


def breaks(request: HttpRequest) -> HttpResponse:
    raise StageError("The sums do not add up.")


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404("no such thing")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("not yours")


def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("forged")


def asks_host(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())


def logs_and_raises(request: HttpRequest) -> HttpResponse:
    try:
        raise StageError("The sums do not add up.")
    except StageError:
        logger.exception("failed")
        raise


def captures_and_wraps(request: HttpRequest) -> HttpResponse:
    try:
        raise StageError("The sums do not add up.")
    except StageError as error:
        sentry_sdk.capture_exception(error)
        raise RuntimeError("The order failed.") from error


def wraps(request: HttpRequest) -> HttpResponse:
    try:
        raise StageError("The sums do not add up.")
    except StageError as error:
        raise RuntimeError("The order failed.") from error


def make_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE orders (id INTEGER)")


def orders() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders")
        return int(cursor.fetchone()[0])


def writes_half(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders VALUES (1)")
    raise StageError("The second row is refused.")


urlpatterns = [
    path("fine", fine),
    path("breaks", breaks),
    path("missing", missing),
    path("forbidden", forbidden),
    path("suspicious", suspicious),
    path("asks-host", asks_host),
    path("logs-and-raises", logs_and_raises),
    path("captures-and-wraps", captures_and_wraps),
    path("wraps", wraps),
    path("caught/breaks", with_errors_caught(breaks)),
    path("caught/missing", with_errors_caught(missing)),
    path("caught/forbidden", with_errors_caught(forbidden)),
    path("caught/writes-half", with_errors_caught(writes_half)),
]

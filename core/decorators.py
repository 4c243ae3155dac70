"""`handle_view_errors`: for views that answer with a page or JSON of their own when they fail.

Most views need nothing: handler500 answers. This one keeps what a naive `try … except Exception` around a view loses:
the status, the rollback, the events of Http404 and PermissionDenied that are none, and the id of the event that was sent.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.log import log_response

from core.error_answers import HTML, JSON, PROBLEM, wanted_type
from core.error_pages import answer_expected, failure_page
from core.request_facts import facts_of
from core.sentry.capture import capture_exception
from core.sentry.requests import kept_event_id

_View = TypeVar("_View", bound=Callable[..., Any])

# Django's own way of saying 404, 403 and 400: no failures, and not ours to answer.
_ANSWERED_BY_DJANGO = (Http404, PermissionDenied, SuspiciousOperation, BadRequest, MultiPartParserError)


@overload
def handle_view_errors(template_name: _View) -> _View: ...


@overload
def handle_view_errors(
    template_name: str | None = None, *, json_response: bool = False
) -> Callable[[_View], _View]: ...


def handle_view_errors(
    template_name: _View | str | None = None, *, json_response: bool = False
) -> _View | Callable[[_View], _View]:
    """Decorator for views, synchronous or asynchronous: report once, roll back, answer with the right status.

    `template_name` is drawn without a request, with error_id, event_id, reported, request_id and what else
    templates/errors/_page.html lists. `json_response` answers with JSON whatever the client asked for.
    An error that is the user's to mend (`expected`) is answered with its own words and not reported.
    """
    if callable(template_name):
        return _decorated(template_name, None, json_response=False)
    return lambda view: _decorated(view, template_name, json_response=json_response)


def _decorated(view: _View, template: str | None, *, json_response: bool) -> _View:
    @functools.wraps(view)
    def handled(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(request, *args, **kwargs)
        except _ANSWERED_BY_DJANGO:
            raise
        except Exception as exc:
            # The boundary that this decorator is: what comes here is answered here.
            return _answer(request, exc, template, json_response=json_response)

    @functools.wraps(view)
    async def handled_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return await view(request, *args, **kwargs)
        except _ANSWERED_BY_DJANGO:
            raise
        except Exception as exc:
            # As above.
            return _answer(request, exc, template, json_response=json_response)

    return cast(_View, handled_async if iscoroutinefunction(view) else handled)


def _answer(
    request: HttpRequest, exc: Exception, template: str | None, *, json_response: bool
) -> HttpResponse:
    _roll_back()
    kind = wanted_type(request)
    if json_response:
        kind = PROBLEM if kind == PROBLEM else JSON
    expected = answer_expected(request, exc, as_type=kind)
    if expected is not None:
        return expected
    # Captured further in and raised again, it is the earlier event's; capturing then gives None.
    event_id = capture_exception(exc) or kept_event_id(facts_of(request), exc)
    page = {"event_id": event_id, "reported": event_id is not None}
    response = failure_page(
        request, exc, page=page, as_type=kind, template=template if kind == HTML else None
    )
    # The traceback in the log, once, as Django would write it; the SDK leaves this logger alone.
    log_response(
        "%s: %s", response.reason_phrase, request.path, response=response, request=request, exception=exc
    )
    return response


def _roll_back() -> None:
    """A returned answer would commit what the failed view had written: ATOMIC_REQUESTS sees no exception."""
    for connection in connections.all(initialized_only=True):
        open_blocks = [
            block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)
        ]
        if connection.in_atomic_block and open_blocks:
            connection.set_rollback(True)

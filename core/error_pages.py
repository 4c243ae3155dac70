"""What a visitor sees when a request fails: handler400, handler403, handler404, handler500, and 429 and 503.

Name them in the root URLconf. The status of a failure is the strategy's: a database that is away is 503, not 500.
"""

from __future__ import annotations

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from core.error_answers import answer
from core.error_settings import address, error_page_settings
from core.errors import ApplicationError
from core.feedback_tokens import make_token
from core.request_facts import facts_of
from core.route_suggestions import suggestions_for
from core.sentry import counters
from core.sentry.classify import Classification, classify
from core.sentry.requests import kept_event_id

RETRY_AFTER_S = 30


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400. Never repeats the exception's text: it holds what a stranger sent."""
    return answer(request, 400, page={"error_id": facts_of(request).error_id})


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403. A text given to PermissionDenied on purpose is shown."""
    said = exception.args[0] if exception is not None and exception.args else None
    return answer(
        request,
        403,
        message=said if isinstance(said, str) else None,
        page={"error_id": facts_of(request).error_id},
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For CSRF_FAILURE_VIEW: says what helps; the reason is Django's log's business."""
    message = _(
        "The form was too old to be trusted, or cookies are off. Go back, reload the page and send it again."
    )
    return answer(request, 403, message=message, page={"error_id": facts_of(request).error_id})


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404: search, and the addresses of this site that are most like the one asked for."""
    page = {
        "path": request.path,
        "search_url": address(error_page_settings().search_url),
        "suggestions": suggestions_for(request),
    }
    return answer(request, 404, page=page)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: with the id, whether the team has been told, and a form; status and page by the strategy."""
    return failure_page(request, sys.exc_info()[1] or facts_of(request).failure)


def failure_page(
    request: HttpRequest, exc: BaseException | None, *, page: dict[str, Any] | None = None, **kinds: Any
) -> HttpResponse:
    """The answer to an exception that nobody handled, or that `handle_view_errors` did."""
    found = _classified(exc)
    status = found.http_status
    said = str(exc) if isinstance(exc, ApplicationError) and found.expected else None
    return answer(
        request,
        status,
        message=said,
        retry_after_s=RETRY_AFTER_S if status in (429, 503) else None,
        page=failure_facts(request, exc) | (page or {}),
        **kinds,
    )


def failure_facts(request: HttpRequest, exc: BaseException | None) -> dict[str, Any]:
    """error_id, event_id, reported, feedback_url and feedback_token, for a page of one's own."""
    facts = facts_of(request)
    event_id = kept_event_id(facts, exc)
    try:
        feedback_url = reverse("error-feedback")
    except NoReverseMatch:
        feedback_url = ""
    return {
        "error_id": facts.error_id,
        "event_id": event_id,
        "reported": event_id is not None,
        "feedback_url": feedback_url,
        "feedback_token": make_token(facts.error_id, event_id) if feedback_url else "",
    }


def too_many_requests(
    request: HttpRequest, *, retry_after_s: int, message: str | None = None
) -> HttpResponse:
    """429, with when to come back."""
    return answer(request, 429, message=message, retry_after_s=retry_after_s)


def service_unavailable(
    request: HttpRequest, *, retry_after_s: int = RETRY_AFTER_S, message: str | None = None
) -> HttpResponse:
    """503 for a part that is known to be away; nothing failed unexpectedly, so there is no error id."""
    return answer(request, 503, message=message, retry_after_s=retry_after_s)


def _classified(exc: BaseException | None) -> Classification:
    try:
        return classify(exc) if exc is not None else Classification()
    except Exception:
        # A boundary: the page must come, even where the strategy cannot be read.
        return Classification()


def answer_expected(
    request: HttpRequest, exc: BaseException, *, as_type: str | None = None
) -> HttpResponse | None:
    """The answer to one of our own errors that is the user's to mend, in its own words; None for any other.

    Also to a client that hung up while it was sending: Django would answer it with 500, and nobody is there to read it.
    """
    if isinstance(exc, UnreadablePostError):
        counters.count("suppressed", reason="ignored", category="error")
        return answer(request, 400, as_type=as_type)
    if not isinstance(exc, ApplicationError):
        return None
    found = _classified(exc)
    if not found.expected:
        return None
    counters.count("suppressed", reason="expected", category="error")
    status = found.http_status if 400 <= found.http_status < 500 else 400
    return answer(request, status, message=str(exc), as_type=as_type)

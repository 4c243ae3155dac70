"""What is shown when a page of the monitor fails: without database, session or context processors, and told to nobody.

The monitor has no SDK and reports nothing: a failure of its own is a line in its log, found by the id on the page.
"""

import logging
import secrets
import sys
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)
RETRY_AFTER_S = 10
THEMES = frozenset({"system", "light", "dark"})


@dataclass(frozen=True)
class Said:
    """One sentence, and what to do next."""

    status: int
    sentence: str
    explanation: str


BAD_REQUEST = Said(
    400, "This request makes no sense here.", "Go back, load the page again and try once more."
)
FORBIDDEN = Said(403, "You may not do this.", "An admin of this monitor can change what you may do.")
CSRF = Said(
    403,
    "The form was too old to be trusted.",
    "Or cookies are off. Go back, load the page again and send it once more; nothing was changed.",
)
NOT_FOUND = Said(
    404,
    "There is nothing at this address.",
    "It may have been deleted, merged or kept long enough; or it belongs to a project that is not yours.",
)
FAILED = Said(
    500,
    "This page failed, and it is our fault.",
    "Receiving goes on beside the pages. The monitor's log says why, under the id below.",
)
BUSY = Said(
    503,
    "The monitor's database does not answer.",
    "It is busy, or its disk is full. Receiving goes on: what is sent waits in the spool. The log says more, under the"
    " id below.",
)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400. Never repeats the exception's text: it holds what a stranger sent."""
    return _answer(request, BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403. What was given to PermissionDenied on purpose is shown."""
    said = str(exception) if isinstance(exception, PermissionDenied) else ""
    return _answer(request, Said(403, FORBIDDEN.sentence, said or FORBIDDEN.explanation))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    return _answer(request, CSRF)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404."""
    return _answer(request, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500. Django logs the traceback right after the id."""
    failure = sys.exc_info()[1]
    error_id = secrets.token_hex(8)
    logger.error("error id %s: %s %s failed", error_id, request.method, request.path)
    response = _answer(request, BUSY if isinstance(failure, DatabaseError) else FAILED, error_id)
    if response.status_code == BUSY.status:
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _answer(request: HttpRequest, said: Said, error_id: str = "") -> HttpResponse:
    if request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", ""):
        detail = {"detail": f"{said.sentence} {said.explanation}"}
        return JsonResponse(detail | ({"errorId": error_id} if error_id else {}), status=said.status)
    theme = request.COOKIES.get("theme", "system")
    context = {
        "said": said,
        "error_id": error_id,
        "theme": theme if theme in THEMES else "system",
        "path": request.path,
    }
    try:
        page = render_to_string("site/error.html", context)
    except Exception:
        # A boundary: whatever keeps the page from being drawn, the answer comes.
        logger.exception("The page for %s could not be drawn", said.status)
        return HttpResponse(f"{said.status}. {said.sentence}", status=said.status, content_type="text/plain")
    return HttpResponse(page, status=said.status)

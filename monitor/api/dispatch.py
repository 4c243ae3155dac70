"""From a request below /api/0/ to its answer: token, scope, address, body, in this order; and every refusal as JSON."""

from __future__ import annotations

import logging
import secrets
from typing import Any

import orjson
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from monitor.access import tokens
from monitor.access.models import ApiToken
from monitor.api import operations  # noqa: F401 (fills the table)
from monitor.api.calls import Answer, Call
from monitor.api.errors import ApiError
from monitor.api.named import resolve
from monitor.api.pages import own_page
from monitor.api.routing import ROOT, operation_for
from monitor.crons.schedule import ScheduleError
from monitor.crons.services import CronError
from monitor.incidents.course import IncidentError
from monitor.issues.journal import ActionError
from monitor.issues.search import SearchError
from monitor.releases.services import ReleaseError

logger = logging.getLogger(__name__)
_REFUSED = (ActionError, ReleaseError, CronError, ScheduleError, IncidentError)
_BEARER = {"WWW-Authenticate": 'Bearer realm="api"'}


@csrf_exempt
@login_not_required
@never_cache
def api(request: HttpRequest) -> HttpResponse:
    """Every address below /api/0/. Tokens only: no cookie lets in here, so that no other site's form can act for a user."""
    page = own_page(request)
    if page is not None:
        return page
    try:
        return _answer(request)
    except ApiError as error:
        return _json(error.body, error.status, error.headers)
    except SearchError as error:
        return _json({"detail": str(error), "query": [str(error)]}, 400)
    except _REFUSED as error:
        return _json({"detail": str(error)}, 400)
    except (PermissionDenied, Http404) as error:
        status = 403 if isinstance(error, PermissionDenied) else 404
        return _json({"detail": str(error)}, status)
    except Exception as error:
        # The boundary: whatever fails, a script gets JSON, and the log the traceback under the same id.
        error_id = secrets.token_hex(8)
        logger.exception("error id %s: %s %s failed", error_id, request.method, request.path)
        if isinstance(error, DatabaseError):
            return _json(
                {"detail": "The monitor's database does not answer.", "errorId": error_id},
                503,
                {"Retry-After": "10"},
            )
        return _json({"detail": "Internal Error", "errorId": error_id}, 500)


def _answer(request: HttpRequest) -> HttpResponse:
    method = "GET" if request.method == "HEAD" else str(request.method)
    token = bearer_of(request)
    operation, variables = operation_for(method, request.path_info.removeprefix(ROOT))
    call = Call(request, token, operation)
    if operation.scopes:
        call.require(*operation.scopes)
    given = operation.handler(call, **resolve(call, variables))
    answer = given if isinstance(given, Answer) else Answer(given)
    headers = {**answer.headers, **({"Link": call.link} if call.link else {})}
    status = answer.status or operation.status
    if answer.content is not None:
        return _file(answer.content, headers)
    if answer.data is None and operation.answer is None:
        return HttpResponse(status=status, headers=headers)
    return _json(answer.data, status, headers)


def bearer_of(request: HttpRequest) -> ApiToken:
    """Raises ApiError (401)."""
    kind, _, bearer = request.headers.get("Authorization", "").strip().partition(" ")
    if kind.lower() != "bearer" or not bearer.strip():
        raise ApiError(401, "Authentication credentials were not provided.", headers=_BEARER)
    token = tokens.authenticate(bearer.strip())
    if token is None:
        raise ApiError(401, "Invalid token: unknown, expired or revoked.", headers=_BEARER)
    return token


def _json(data: Any, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    body = orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)
    response = HttpResponse(body, status=status, content_type="application/json", headers=headers or {})
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _file(content: bytes, headers: dict[str, str]) -> HttpResponse:
    """Always to be saved, never to be shown: a stranger wrote it."""
    response = HttpResponse(content, content_type="application/octet-stream", headers=headers)
    response["X-Content-Type-Options"] = "nosniff"
    return response

"""For Django REST framework: it answers its own errors itself, so that an APIException of 5xx would reach nobody.

    REST_FRAMEWORK = {"EXCEPTION_HANDLER": "core.drf.exception_handler"}

Any other exception goes on to Django, and is reported and answered as a view's.
"""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler as answer_of_the_framework

from core.request_facts import facts_of
from core.sentry.capture import capture_exception

_SERVER_ERROR = 500


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's own answer. One of 5xx is reported once, and an answer that is an object gets the `error_id`."""
    response: Response | None = answer_of_the_framework(exc, context)
    if response is None or response.status_code < _SERVER_ERROR:
        return response
    capture_exception(exc)
    if isinstance(response.data, dict):
        # DRF's request stands around Django's.
        response.data = {**response.data, "error_id": facts_of(context["request"]._request).error_id}
    return response

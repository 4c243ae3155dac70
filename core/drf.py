"""For Django REST framework: it answers its own errors itself, so that an APIException of 5xx would reach nobody.

    REST_FRAMEWORK = {"EXCEPTION_HANDLER": "core.drf.exception_handler"}

A handler of the project's own goes on answering, named beside it:

    REST_FRAMEWORK = {
        "EXCEPTION_HANDLER": "core.drf.exception_handler",
        "OWN_EXCEPTION_HANDLER": "shop.api.exception_handler",
    }

Any other exception goes on to Django, and is reported and answered as a view's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.module_loading import import_string
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler as answer_of_the_framework

from core.request_facts import facts_of
from core.sentry.capture import capture_exception

_SERVER_ERROR = 500


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The project's answer, else DRF's. One of 5xx is reported once, and an answer that is an object gets the `error_id`."""
    response: Response | None = _answering()(exc, context)
    if response is None or response.status_code < _SERVER_ERROR:
        return response
    capture_exception(exc)
    # A handler of the project's own may answer with Django's response, which has no data.
    data = getattr(response, "data", None)
    if isinstance(data, dict):
        # DRF's request stands around Django's.
        response.data = {**data, "error_id": facts_of(context["request"]._request).error_id}
    return response


def _answering() -> Callable[[Exception, dict[str, Any]], Response | None]:
    own = api_settings.user_settings.get("OWN_EXCEPTION_HANDLER") or answer_of_the_framework
    found = import_string(own) if isinstance(own, str) else own
    # The lines of the guide added twice name this handler as the project's own.
    answering: Callable[[Exception, dict[str, Any]], Response | None] = (
        answer_of_the_framework if found is exception_handler else found
    )
    return answering

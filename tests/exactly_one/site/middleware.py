"""Middleware that fails at each of its hooks, when the path asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.errors import PipelineError

BROKEN_PAGES = "/broken-pages"


class FailingMiddleware:
    """As a class, with the hooks that Django calls."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/middleware/before":
            raise PipelineError("The middleware failed before the view.")
        if request.path.startswith(BROKEN_PAGES):
            request.urlconf = "tests.exactly_one.site.broken_pages"  # type: ignore[attr-defined]
        response = self.get_response(request)
        if request.path == "/middleware/after":
            raise PipelineError("The middleware failed after the view.")
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if request.path == "/middleware/process-view":
            raise PipelineError("process_view failed.")

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if request.path == "/middleware/process-exception":
            raise PipelineError("process_exception failed.")

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        if request.path == "/middleware/process-template-response":
            raise PipelineError("process_template_response failed.")
        return response


def failing_function(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., Any]:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path == "/middleware/function":
            raise PipelineError("The middleware made of a function failed.")
        return get_response(request)

    return middleware


def failing_context(request: HttpRequest) -> dict[str, Any]:
    if request.path == "/context-processor":
        raise PipelineError("The context processor failed.")
    return {}

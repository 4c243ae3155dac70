"""SentryContextMiddleware: gives each request its ids and binds it to its reports. First in MIDDLEWARE.

Synchronous and asynchronous without a change of thread; no query, no `Vary: Cookie`, nothing for the next request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from core import bursts, request_facts
from core.request_facts import RequestFacts
from core.sentry.denominators import count_request
from core.sentry.requests import bound, count_stream, report_returned

_CLIENT_ERROR = 400
_SERVER_ERROR = 500


class SentryContextMiddleware:
    """`X-Request-ID` in and out, `X-Error-Id` on what failed, and the request's facts on every event."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self._acall(request) if self._is_async else self._call(request)

    def _call(self, request: HttpRequest) -> HttpResponseBase:
        facts = request_facts.begin(request)
        try:
            with bound(request, facts):
                _watch(request)
                response = self.get_response(request)
                if (burst := bursts.suspected(facts, response.status_code)) is not None:
                    bursts.note(request, facts, burst)
                return _finish(request, response, facts)
        finally:
            request_facts.end()

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        facts = request_facts.begin(request)
        try:
            with bound(request, facts):
                _watch(request)
                response = await self.get_response(request)
                if (burst := bursts.suspected(facts, response.status_code)) is not None:
                    await sync_to_async(bursts.note)(request, facts, burst)
                return _finish(request, response, facts)
        finally:
            request_facts.end()

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Answer an error that is the user's to mend with its own words; every other goes on to Django."""
        from core.error_pages import answer_expected

        return answer_expected(request, exception)


def _watch(request: HttpRequest) -> None:
    if settings.DEBUG:
        from core.debug_pages import watch

        watch(request)


def _finish(request: HttpRequest, response: HttpResponseBase, facts: RequestFacts) -> HttpResponseBase:
    if settings.DEBUG:
        from core.debug_pages import rebrand

        response = rebrand(request, response, facts)
    if isinstance(response, HttpResponseNotAllowed):
        from core.error_answers import explain_refused_method

        explain_refused_method(request, response)
    facts.status = response.status_code
    count_request(request.path_info, request.resolver_match, response.status_code)
    if response.status_code >= _SERVER_ERROR and facts.failure is None and not facts.is_answered:
        report_returned(request, facts, response.status_code)
    count_stream(response)
    facts.let_go()
    response.headers["X-Request-ID"] = facts.request_id
    # A page that went well may have reported something too; its visitor has no use for the id.
    if response.status_code >= (_CLIENT_ERROR if facts.has_error_id else _SERVER_ERROR):
        response.headers["X-Error-Id"] = facts.error_id
    return response

"""Views that fail where they stand: synchronous, asynchronous, class-based, drawn, streamed, returned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.views import View

from core.decorators import handle_view_errors
from core.errors import ExternalServiceError, PipelineError, UserInputError


class WeatherAwayError(ExternalServiceError):
    service = "weather"


def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


def fails(request: HttpRequest) -> HttpResponse:
    raise PipelineError("The sums do not add up.")


async def fails_async(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    raise PipelineError("The sums do not add up.")


class ClassBased(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        raise PipelineError("The sums do not add up.")


class AsyncClassBased(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        raise PipelineError("The sums do not add up.")


def bug(request: HttpRequest) -> HttpResponse:
    return HttpResponse({"level": 3}["discharge"])


def service_away(request: HttpRequest) -> HttpResponse:
    raise WeatherAwayError("The weather service did not answer.")


def exits(request: HttpRequest) -> HttpResponse:
    raise SystemExit(3)


def recursive(request: HttpRequest) -> HttpResponse:
    return recursive(request)


# Drawn.


class Reading:
    @property
    def level(self) -> float:
        raise PipelineError("The reading has no level.")


def template_fails(request: HttpRequest) -> HttpResponse:
    return render(request, "failing/readings.html", {"readings": [Reading()]})


def template_is_wrong(request: HttpRequest) -> HttpResponse:
    return render(request, "failing/syntax.html")


def template_is_missing(request: HttpRequest) -> HttpResponse:
    return render(request, "failing/nowhere.html")


def drawn_late(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, "failing/readings.html", {"readings": [Reading()]})


def drawn(request: HttpRequest) -> HttpResponse:
    return render(request, "failing/readings.html", {"readings": []})


def drawn_with_response(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, "failing/readings.html", {"readings": []})


# Decorated.

fails_on_a_page = handle_view_errors(fails)
fails_as_json = handle_view_errors(json_response=True)(fails)
fails_async_on_a_page = handle_view_errors(fails_async)


@handle_view_errors
def users_mistake_on_a_page(request: HttpRequest) -> HttpResponse:
    raise UserInputError("Row 3 has no date. Give it one.")


# Streamed.


def _rows() -> Iterator[bytes]:
    yield b"first row\n"
    raise PipelineError("The second row broke.")


async def _rows_async() -> AsyncIterator[bytes]:
    yield b"first row\n"
    raise PipelineError("The second row broke.")


def streams(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_rows())


async def streams_async(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_rows_async())


def streams_long(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(f"row {number}\n".encode() for number in range(1000))


def is_generator(request: HttpRequest) -> Any:
    yield HttpResponse("never an answer")


def returns_nothing(request: HttpRequest) -> Any:
    return None


# Returned.


def returns_500(request: HttpRequest) -> HttpResponse:
    return HttpResponse("broken", status=500)


def returns_503(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the weather service is away", status=503)


async def returns_503_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the weather service is away", status=503)

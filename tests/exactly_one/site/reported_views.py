"""Views that log, capture, wrap and raise again: the habits that make two events of one failure, or the wrong one."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse

from core.decorators import handle_view_errors
from core.errors import PipelineError
from core.sentry import capture_exception, capture_message

logger = logging.getLogger("failing.site")


class ReportError(PipelineError):
    """What the caller of `add_up` says of its failure."""


def add_up() -> float:
    raise PipelineError("The sums do not add up.")


def logs_and_raises(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError:
        logger.exception("Adding up failed.")
        raise
    return HttpResponse()


async def logs_and_raises_async(request: HttpRequest) -> HttpResponse:
    return logs_and_raises(request)


logs_and_raises_on_a_page = handle_view_errors(logs_and_raises)


def logs_and_wraps(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError as error:
        logger.exception("Adding up failed.")
        raise ReportError("No report.") from error
    return HttpResponse()


def logs_at_each_level(request: HttpRequest) -> HttpResponse:
    try:
        logs_and_wraps(request)
    except ReportError:
        logger.exception("The report failed.")
        raise
    return HttpResponse()


def logs_and_goes_on(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError:
        logger.error("Adding up failed.", exc_info=True)
    return HttpResponse("without the sums")


def logs_and_fails_later(request: HttpRequest) -> HttpResponse:
    logs_and_goes_on(request)
    raise ReportError("Something else failed.")


def logs_and_captures(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError as error:
        logger.exception("Adding up failed.")
        capture_exception(error, tags={"step": "sums"})
    return HttpResponse("without the sums")


def captures_and_logs(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError as error:
        capture_exception(error)
        logger.exception("Adding up failed.")
    return HttpResponse("without the sums")


def logs_a_message(request: HttpRequest) -> HttpResponse:
    logger.error("The gauge %s has been silent for %d hours.", "G7", 5)
    return HttpResponse("fine")


def tells_a_message(request: HttpRequest) -> HttpResponse:
    capture_message("The gauge has been silent for five hours.", "error")
    return HttpResponse("fine")


def captures(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError as error:
        capture_exception(error)
    return HttpResponse("without the sums")


def captures_and_raises(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError as error:
        capture_exception(error)
        raise
    return HttpResponse()


def captures_and_wraps(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError as error:
        capture_exception(error)
        raise ReportError("No report.") from error
    return HttpResponse()


captures_and_wraps_on_a_page = handle_view_errors(captures_and_wraps)


def captures_and_has_a_bug(request: HttpRequest) -> Any:
    try:
        add_up()
    except PipelineError as error:
        capture_exception(error)
        return {}["the page for this"]


def raises_from(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError as error:
        raise ReportError("No report.") from error
    return HttpResponse()


def raises_from_none(request: HttpRequest) -> HttpResponse:
    try:
        add_up()
    except PipelineError:
        raise ReportError("No report.") from None
    return HttpResponse()


def raises_while_handling(request: HttpRequest) -> Any:
    try:
        add_up()
    except PipelineError:
        return {}["the page for this"]


def raises_group(request: HttpRequest) -> HttpResponse:
    raise ExceptionGroup("two of three gauges failed", [PipelineError("G1"), ValueError("G2")])


def captures_members_and_raises_group(request: HttpRequest) -> HttpResponse:
    errors = [PipelineError("G1"), PipelineError("G2")]
    for error in errors:
        try:
            raise error
        except PipelineError as caught:
            capture_exception(caught)
    raise ExceptionGroup("both gauges failed", errors)

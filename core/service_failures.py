"""What an exception says of a service outside: is it its failure, will it mend by itself, when, and in what words.

By the strategy's classification, and by the status that an HTTP client's exception carries on its `response`: the
strategy goes by class, and to httpx a 404 and a 503 are the same class.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from core.errors import ExternalServiceError
from core.sentry.classify import classify

_CLIENT_ERROR, _SERVER_ERROR = 400, 500
# Request Timeout, Too Early, Too Many Requests: the same request may do better later.
_LATER = frozenset({408, 425, 429})
_TOO_MANY = 429


def is_of_the_service(exc: BaseException) -> bool:
    """Whether the service failed us, and not our own code or the task that ran out of time."""
    if isinstance(exc, ExternalServiceError):
        return True
    found = classify(exc)
    return found.category in ("external_service", "rate_limit") or (
        found.category == "timeout" and found.retryable
    )


def is_worth_another_try(exc: BaseException) -> bool:
    """Whether the same request may well succeed in a moment."""
    status = _status(exc)
    if status is not None and status < _SERVER_ERROR and status not in _LATER:
        return False
    return is_of_the_service(exc) and classify(exc).retryable


def speaks(exc: BaseException) -> bool:
    """Whether the failure shows that the service is well: it read the request and said no."""
    status = _status(exc)
    return status is not None and _CLIENT_ERROR <= status < _SERVER_ERROR and status not in _LATER


def retry_after_s_of(exc: BaseException) -> float | None:
    """The seconds that the service asked us to wait (RFC 9110, 10.2.3), if it did."""
    headers = getattr(getattr(exc, "response", None), "headers", None)
    raw = str(headers.get("Retry-After") or "").strip() if isinstance(headers, Mapping) else ""
    if raw.isascii() and raw.isdigit():
        return float(raw[:9])
    try:
        moment = parsedate_to_datetime(raw)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def reason(exc: BaseException) -> str:
    """In words for everybody. Never the exception's own text: it may hold an address with a key in it."""
    status = _status(exc)
    if status == _TOO_MANY:
        return "it is asked too often"
    if status is not None:
        return f"it answers with status {status}"
    if "timeout" in type(exc).__name__.lower():
        return "it takes too long"
    return "there is no connection"


def _status(exc: Any) -> int | None:
    status = getattr(getattr(exc, "response", None), "status_code", None)
    return status if type(status) is int else None

"""By what an error is recognised: its name, or what it is."""

from __future__ import annotations

import httpx
import kombu.exceptions
import psycopg
import redis
import sentry_sdk
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, OperationalError
from django.http import Http404

from core.sentry.classify import classify
from tests.recipes.process import in_a_process
from tests.recipes.stage import ours, plain, recipe_site

SAMPLES: dict[str, list[BaseException]] = {
    "database": [
        OperationalError("connection refused"), IntegrityError("duplicate key"),
        psycopg.errors.DeadlockDetected("deadlock detected"),
    ],
    "cache": [redis.ConnectionError("refused")],
    "external_service": [ConnectionResetError("peer"), httpx.ConnectError("refused")],
    "file": [PermissionError(13, "Permission denied")],
    "ml_processing": [FloatingPointError("overflow")],
    "timeout": [SoftTimeLimitExceeded()],
}  # fmt: skip


def category_by_substring(exc: BaseException) -> str:
    """As it is published, in three recipes with small differences."""
    name = type(exc).__name__
    if "Database" in name or "Connection" in name:
        return "database"
    if "Permission" in name or "Auth" in name:
        return "authentication"
    if "Validation" in name:
        return "validation"
    if "Model" in name or "Training" in name:
        return "ml_processing"
    return "uncategorised"


def test_categories_by_substring_of_the_name_are_wrong_for_every_error_of_the_libraries() -> None:
    for category, samples in SAMPLES.items():
        for exc in samples:
            assert category_by_substring(exc) != category, exc
            assert classify(exc).category == category, exc


TRANSIENT = [
    redis.ConnectionError("refused"), OperationalError("refused"), psycopg.OperationalError("refused"),
    kombu.exceptions.OperationalError("refused"), httpx.ConnectError("refused"), httpx.ReadTimeout("slow"),
]  # fmt: skip


def test_asking_for_connectionerror_and_timeouterror_finds_no_error_of_a_library() -> None:
    """`if isinstance(exc, (ConnectionError, TimeoutError)): raise self.retry(exc=exc)`, the builtins."""
    assert not [exc for exc in TRANSIENT if isinstance(exc, (ConnectionError, TimeoutError))]
    assert [classify(exc).retryable for exc in TRANSIENT] == [True] * len(TRANSIENT)
    assert not classify(IntegrityError("duplicate key")).retryable


def _ignored_by_name() -> tuple[int, int]:
    transport = plain(ignore_errors=["django.http.Http404", "LookupError"])
    sentry_sdk.capture_exception(Http404("nothing here"))
    missing_pages = len(transport.errors)
    sentry_sdk.capture_exception(KeyError("x"))
    return missing_pages, len(transport.errors) - missing_pages


def _ignored_by_ours() -> int:
    transport = ours()

    class NoSuchOrder(Http404):
        pass

    sentry_sdk.capture_exception(Http404("nothing here"))
    sentry_sdk.capture_exception(NoSuchOrder("nothing here"))
    return len(transport.errors)


def test_ignore_errors_by_name_matches_no_subclass_and_no_alias() -> None:
    """`django.http.Http404` is really called `django.http.response.Http404`; `LookupError` is not a `KeyError`."""
    assert in_a_process(_ignored_by_name) == (1, 1)
    assert in_a_process(_ignored_by_ours) == 0


def _levels(is_ours: bool) -> tuple[str, str | None]:
    def lower(event: object, hint: object) -> object:
        assert isinstance(event, dict)
        event["level"] = "info"
        return event

    recipe_site()
    transport = ours() if is_ours else plain(before_send=lower)
    sentry_sdk.capture_exception(PermissionError(13, "Permission denied"))
    [event] = transport.errors
    return event["level"], event.get("tags", {}).get("severity")


def test_a_lowered_level_hides_the_error_from_alerts() -> None:
    """Rules on "level is error" never see it. Severity is a tag and leaves the level alone."""
    assert in_a_process(_levels, False) == ("info", None)
    assert in_a_process(_levels, True) == ("error", "P2")

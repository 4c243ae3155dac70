"""The cases whose request does not fail itself: each does its harm for real and notes what it saw."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.handlers import exception as handlers
from django.http import Http404, HttpRequest

from core.error_pages import answer_expected
from core.errors import UserInputError
from core.lab.arrivals import Arrival, keep, note
from core.request_facts import facts_of
from core.sentry import add_breadcrumb, capture_exception
from core.sentry.requests import on_transaction

FLOOD = 200


def demonstrate(key: str, request: HttpRequest) -> None:
    """Do what the catalogue says of `key`; what comes of it stands in the record under the request's id."""
    DEMONSTRATIONS[key](request)


def _validation(request: HttpRequest) -> None:
    def read_row() -> None:
        raise UserInputError("Row 3 of gauge.csv has no date. Add one, or leave the row out.")

    try:
        read_row()
    except UserInputError as error:
        answer = answer_expected(request, error)
        status = answer.status_code if answer is not None else 500
        note(facts_of(request).request_id, f"answered with {status}: {error}", status=status)


def _permission(request: HttpRequest) -> None:
    _through_django(request, PermissionDenied("Only owners may delete a project."))


def _missing(request: HttpRequest) -> None:
    _through_django(request, Http404("There is no such gauge."))


def _through_django(request: HttpRequest, error: Exception) -> None:
    """As if the view had raised it: Django's own answer, and whatever that reports."""
    try:
        raise error
    except (PermissionDenied, Http404):
        answer = handlers.response_for_exception(request, error)
        note(
            facts_of(request).request_id,
            f"answered with {answer.status_code}",
            status=answer.status_code,
        )


def _slow(request: HttpRequest) -> None:
    _record_transaction(request)
    add_breadcrumb("about to be slow", category="lab")
    time.sleep(1.2)


def _n_plus_one(request: HttpRequest) -> None:
    _record_transaction(request)
    for kind in ContentType.objects.all():
        list(Permission.objects.filter(content_type=kind))


def _record_transaction(request: HttpRequest) -> None:
    """Numbers of the transaction only: at this place its spans are not scrubbed yet."""

    def record(event: dict[str, Any]) -> None:
        spans = event.get("spans") or []
        queries = Counter(
            str(span.get("description"))[:200] for span in spans if str(span.get("op", "")).startswith("db")
        )
        most = queries.most_common(1)
        keep(
            Arrival(
                kind="transaction",
                at=time.time(),
                request_id=facts_of(request).request_id,
                event_id=str(event.get("event_id", "")),
                title=str(event.get("transaction", "")),
                component="web",
                details={
                    "duration_ms": round(_duration_s(event) * 1000),
                    "queries": sum(queries.values()),
                    "same query at most": most[0][1] if most else 0,
                },
            )
        )

    on_transaction(record)


def _duration_s(event: dict[str, Any]) -> float:
    begun, ended = event.get("start_timestamp"), event.get("timestamp")
    return (ended - begun).total_seconds() if begun is not None and hasattr(ended, "tzinfo") else 0.0


def _task(request: HttpRequest) -> None:
    from core.lab import tasks

    _send(request, tasks.fail, "lab task")


def _retry(request: HttpRequest) -> None:
    from core.lab import tasks

    _send(request, tasks.fail_twice, "lab retry")


def _gives_up(request: HttpRequest) -> None:
    from core.lab import tasks

    _send(request, tasks.give_up, "lab task that gives up")


def _takes_too_long(request: HttpRequest) -> None:
    from core.lab import tasks

    _send(request, tasks.take_too_long, "lab task that takes too long")


def _is_killed(request: HttpRequest) -> None:
    from core.lab import tasks

    _send(request, tasks.die, "lab task that is killed")


def _send(request: HttpRequest, task: Any, title: str) -> None:
    from kombu.exceptions import OperationalError

    request_id = facts_of(request).request_id
    try:
        result = task.apply_async(retry=False)
    except (OperationalError, OSError) as error:
        # The lab works without a broker; that the task did not go out is what it shows then.
        note(request_id, f"{title} could not be sent, the broker is away: {type(error).__name__}")
        return
    note(request_id, f"{title} sent as {result.id}")


def _flood(request: HttpRequest) -> None:
    request_id, sent = facts_of(request).request_id, 0
    for number in range(FLOOD):
        try:
            float(f"reading {number}")
        except ValueError as error:
            sent += capture_exception(error) is not None
    note(request_id, f"{FLOOD} reported, {sent} sent, {FLOOD - sent} held back", sent=sent)


DEMONSTRATIONS: dict[str, Callable[[HttpRequest], None]] = {
    "validation": _validation,
    "permission": _permission,
    "404": _missing,
    "slow": _slow,
    "n-plus-one": _n_plus_one,
    "task": _task,
    "retry": _retry,
    "task-gives-up": _gives_up,
    "task-timeout": _takes_too_long,
    "task-killed": _is_killed,
    "flood": _flood,
}

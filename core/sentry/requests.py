"""Binds a request to the SDK's isolation scope, so that each of its events says which request it was.

An event processor, not tags: it runs only when an event is built, sees what is known then (the view, the user, the
status), and goes with the scope, so that nothing is left for the next request.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sentry_sdk
from django.http import HttpRequest

from core import request_details as details
from core.request_facts import Report, RequestFacts
from core.sentry.same_failure import settling
from core.sentry.sampling import NEVER_TRACED
from core.sentry.scrubbing import remember_request

_OWN_SCOPE = frozenset({"wsgi", "asgi"})
"""What the SDK calls the isolation scope that its WSGI or ASGI middleware opened for one request."""


@contextmanager
def bound(request: HttpRequest, facts: RequestFacts) -> Iterator[None]:
    """Let the events of this block tell of `request`, and `facts` of the events."""
    remember_request(request)
    if not sentry_sdk.get_client().is_active():
        yield
        return
    scope = sentry_sdk.get_isolation_scope()
    if scope._name in _OWN_SCOPE:
        scope.add_event_processor(_processor(request, facts))
        with settling():
            yield
        return
    # Behind another server, or in a test client: what is bound here must not stay with the thread.
    with sentry_sdk.isolation_scope() as own:
        own.add_event_processor(_processor(request, facts))
        with settling():
            yield


def on_transaction(act: Callable[[dict[str, Any]], None]) -> None:
    """Let `act` see the transaction of the running request, before it is scrubbed: it must keep numbers alone."""
    scope = sentry_sdk.get_isolation_scope()
    if scope._name not in _OWN_SCOPE:
        return

    def see(event: Any, hint: Any) -> Any:
        if event.get("type") == "transaction":
            # The filters have put the spans aside by now.
            aside = (hint or {}).get("core.set_aside")
            act({**event, "spans": getattr(aside, "spans", None) or event.get("spans") or []})
        return event

    scope.add_event_processor(see)


def report_returned(request: HttpRequest, facts: RequestFacts, status: int) -> None:
    """Report an answer of 5xx that a view returned instead of raising: nothing else would ever tell of it."""
    if facts.reports or request.path_info.startswith(NEVER_TRACED) or not sentry_sdk.get_client().is_active():
        return
    route = details.place_of(request).get("route", "no route")
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = ["returned", route, str(status)]
        sentry_sdk.capture_message(f"/{route} answered {status} without an exception", level="error")


def count_stream(response: Any) -> None:
    """Let the session of this request last as long as its stream.

    Under WSGI the SDK ends it before the first row is made, as a success, whatever comes then.
    """
    scope = sentry_sdk.get_isolation_scope()
    session = scope._session
    if scope._name != "wsgi" or session is None or not _is_made_row_by_row(response):
        return
    scope._session = None
    rows = response.streaming_content

    def counted() -> Iterator[bytes]:
        scope._session = session
        yield from rows

    def end() -> None:
        scope._session = None
        session.close()
        sentry_sdk.get_client().capture_session(session)

    response.streaming_content = counted()
    response._resource_closers.append(end)


def _is_made_row_by_row(response: Any) -> bool:
    # A file is handed to the server as a whole, which a generator around it would prevent.
    is_file = getattr(response, "file_to_stream", None) is not None
    return bool(response.streaming) and not response.is_async and not is_file


def settle(facts: RequestFacts) -> None:
    """Mark the last report as kept when capturing kept it.

    The id of an event that a filter, the sampler or the flood gate dropped is never one that the scope remembers, and
    an event still in the making is not yet it. Only the latest can be asked for, so this runs before each new event.
    """
    if facts.reports and not facts.reports[-1].kept:
        last = sentry_sdk.get_isolation_scope()._last_event_id
        facts.reports[-1].kept = last == facts.reports[-1].event_id


def kept_event_id(facts: RequestFacts, exc: BaseException | None) -> str | None:
    """The id of the event that reports `exc`, if there is one that left for the host."""
    settle(facts)
    return facts.event_id_of(exc)


def _processor(request: HttpRequest, facts: RequestFacts) -> Any:
    weak_request = weakref.ref(request)

    def tell_of_request(event: Any, hint: Any) -> Any:
        known = weak_request()
        is_transaction = event.get("type") == "transaction"
        if not is_transaction:
            _note(event, hint, facts)
        if known is not None:
            _add(event, known, facts, is_transaction=is_transaction)
        return event

    return tell_of_request


def _note(event: Any, hint: Any, facts: RequestFacts) -> Report:
    settle(facts)
    exc_info = hint.get("exc_info") if hint else None
    return facts.note_report(event["event_id"], exc_info[1] if exc_info else None)


def _add(event: Any, request: HttpRequest, facts: RequestFacts, *, is_transaction: bool) -> None:
    user = details.user_of(request)
    tags = details.place_of(request) | {"request_id": facts.request_id}
    if user is not None and "role" in user:
        tags["role"] = user["role"]
    if facts.status is not None:
        tags["status"] = str(facts.status)
    if not is_transaction:
        # Many transactions are made for one error: they tell where and for whom, and no more.
        tags |= details.client_of(request) | {"error_id": facts.error_id}
        _add_contexts(event, request)
    # What the code set for this event on purpose wins over what is read from the request.
    event["tags"] = {**tags, **(event.get("tags") or {})}
    if user is not None and not event.get("user"):
        event["user"] = user


def _add_contexts(event: Any, request: HttpRequest) -> None:
    contexts = event.setdefault("contexts", {})
    for name, section in (("ids", details.ids_of(request)), ("preferences", details.preferences_of(request))):
        if section:
            contexts.setdefault(name, section)

"""One failure is one event, however often it is logged, captured and raised on its way out.

The SDK knows a duplicate by the identity of the last exception alone, and the first report wins: what is captured and
raised `from` is told twice, and what is logged and raised is told as handled. Here a failure is an exception with what it
was raised from, for as long as one request or task lasts.
"""

from __future__ import annotations

import atexit
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from traceback import walk_tb
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration

_MARK = "_core_told_in"
_SETTLED = "_core_is_settled"
_MAX_LINKS = 20
_MAX_WAITING = 20


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A log record of an exception that may still be raised further, and the scope that it was written in."""

    record: logging.LogRecord
    exception: BaseException
    scope: Any


_waiting: ContextVar[list[_Waiting] | None] = ContextVar("core_waiting_records", default=None)


def lineage(exc: BaseException) -> Iterator[BaseException]:
    """`exc` and what it was raised `from`. Not what it merely followed: a bug in a handler is a failure of its own."""
    link: BaseException | None = exc
    for _ in range(_MAX_LINKS):
        if link is None:
            return
        yield link
        link = link.__cause__


def note_told(exc: BaseException | None) -> None:
    """This exception has its event."""
    if exc is not None:
        # Past __setattr__, which a frozen dataclass forbids.
        vars(exc)[_MARK] = _unit_of_work()


def is_told(exc: BaseException | None, *, is_unanswered: bool = False) -> bool:
    """Whether `exc`, or what it was raised from, has its event already; a group, when each of its members has."""
    if exc is None:
        return False
    here = _unit_of_work()
    return any(_is_told(link, here) for link in lineage(exc)) or (is_unanswered and _is_repeated(exc, here))


def _is_told(exc: BaseException, here: str) -> bool:
    if vars(exc).get(_MARK) == here:
        return True
    return isinstance(exc, BaseExceptionGroup) and all(is_told(member) for member in exc.exceptions)


def _is_repeated(exc: BaseException, here: str) -> bool:
    """Whether the like of it was raised at the same place while it was handled: an error page that is asked for again
    by every middleware, and fails each time."""
    link = exc.__context__
    for _ in range(_MAX_LINKS):
        if link is None:
            return False
        if type(link) is type(exc) and vars(link).get(_MARK) == here and _place(link) == _place(exc):
            return True
        link = link.__context__
    return False


def _place(exc: BaseException) -> tuple[Any, int] | None:
    *_, innermost = (None, *walk_tb(exc.__traceback__))
    return (innermost[0].f_code, innermost[1]) if innermost is not None else None


def _unit_of_work() -> str:
    """The trace: a request or task has its own, and its threads share it. An exception that is kept and raised again by
    a later request is that one's failure too."""
    return str(sentry_sdk.get_current_scope().get_active_propagation_context().trace_id)


def count_crash(event: Any) -> None:
    """The duplicate `event` is not sent, but that nobody handled its failure still crashes the session."""
    session = sentry_sdk.get_isolation_scope()._session
    values = (event.get("exception") or {}).get("values") or ()
    if session is not None and any(
        (value.get("mechanism") or {}).get("handled") is False for value in values
    ):
        session.update(status="crashed")


# What is logged while it may still be raised.


@contextmanager
def settling() -> Iterator[None]:
    """Let the log records of this request or task wait until it is known whether their exception was handled.

    An exception that leaves the block is the business of whoever is outside: its records are not told again.
    """
    records: list[_Waiting] = []
    token = _waiting.set(records)
    try:
        yield
    except BaseException as exc:
        absorb(exc)
        raise
    finally:
        _waiting.reset(token)
        _release(records)


def settle_until_exit() -> None:
    """The same for a process that does one thing, a command: until it ends. To be called once the SDK is set up."""
    records: list[_Waiting] = []
    _waiting.set(records)
    # Before the SDK's own, which closes its client.
    atexit.register(_release, records)


def wait_for_outcome(record: Any, exc: BaseException | None) -> bool:
    """Whether the event of this log record waits. Only while `exc` is being handled, and it is told soon after."""
    records = _waiting.get()
    if records is None or exc is None or not isinstance(record, logging.LogRecord):
        return False
    if vars(record).get(_SETTLED) or not _is_in_flight(exc) or len(records) >= _MAX_WAITING:
        return False
    if _event_handler() is None:
        return False
    if not any(waiting.exception is exc for waiting in records):
        # The wrapped exception's record tells of what it wraps.
        absorb(exc)
        records.append(_Waiting(record, exc, sentry_sdk.get_current_scope().fork()))
    return True


def absorb(exc: BaseException | None) -> None:
    """`exc` is told by another event, in which what it was raised from has its place."""
    records = _waiting.get()
    if not records or exc is None:
        return
    # Celery's Retry brings what is to be tried again.
    again = getattr(exc, "exc", None)
    told = [*_with_members(exc), *(_with_members(again) if isinstance(again, BaseException) else ())]
    records[:] = [waiting for waiting in records if not any(waiting.exception is link for link in told)]


def tell_settled() -> None:
    """Tell what waits and is no longer being handled: it was not raised further."""
    records = _waiting.get()
    if not records:
        return
    settled = [waiting for waiting in records if not _is_in_flight(waiting.exception)]
    records[:] = [waiting for waiting in records if waiting not in settled]
    _release(settled)


def _event_handler() -> logging.Handler | None:
    """What makes events of log records: `_handler` in SDK 2, `_event_handler` in 3."""
    found = vars(sentry_sdk.get_client().get_integration(LoggingIntegration) or object)
    handler = found.get("_event_handler") or found.get("_handler")
    return handler if isinstance(handler, logging.Handler) else None


def _release(records: list[_Waiting]) -> None:
    handler = _event_handler() if records else None
    if handler is None:
        return
    for waiting in records:
        vars(waiting.record)[_SETTLED] = True
        with sentry_sdk.scope.use_scope(waiting.scope):
            handler.handle(waiting.record)


def _with_members(exc: BaseException) -> Iterator[BaseException]:
    for link in lineage(exc):
        yield link
        if isinstance(link, BaseExceptionGroup):
            for member in link.exceptions[:_MAX_LINKS]:
                yield from _with_members(member)


def _is_in_flight(exc: BaseException) -> bool:
    """Whether code runs in an `except` or `finally` of `exc`, or of what came of it."""
    link = sys.exc_info()[1]
    for _ in range(_MAX_LINKS):
        if link is None:
            return False
        if link is exc or any(cause is exc for cause in lineage(link)):
            return True
        link = link.__context__
    return False

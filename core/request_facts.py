"""The two ids of a request, and what became of its errors: shared by the middleware, the error pages and the reports.

The request id follows a request through proxies, logs and tasks. The error id is short, ours, and made when something
goes wrong: a visitor can read it out on the telephone, and support finds the failure by it even when no event arrived.
"""

from __future__ import annotations

import re
import secrets
import sys
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

try:
    from structlog.contextvars import bind_contextvars, unbind_contextvars
except ImportError:  # the ids are then missing in log lines, nothing else

    def bind_contextvars(**kw: Any) -> dict[str, Any]:  # type: ignore[misc]
        return {}

    def unbind_contextvars(*keys: str) -> None:
        return None


_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ATTRIBUTE = "_core_facts"

current_request_id: ContextVar[str | None] = ContextVar("core_request_id", default=None)
"""Of the request that runs here, or that sent the task that runs here."""


def make_error_id() -> str:
    """40 random bits in Crockford's base 32, as in `H7KQ-2M4X`: no I, L, O or U to misread."""
    number = secrets.randbits(40)
    letters = "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"


def request_id_of(header: str | None) -> str:
    """The caller's id when it is well formed (8 to 64 of A-Z a-z 0-9 _ -), else a new one of 32 hex digits."""
    return header if header and _WELL_FORMED.fullmatch(header) else secrets.token_hex(16)


@dataclass(slots=True)
class Report:
    """An event that was made for this request: of which exception, and whether capturing really kept it."""

    event_id: str
    exception: BaseException | None
    kept: bool = False


@dataclass(slots=True)
class RequestFacts:
    """One for each request; lives as long as the request."""

    request_id: str
    status: int | None = None
    failure: BaseException | None = None
    """The exception that Django gave up on, until the answer is made."""

    technical_page: str | None = None
    """Django's own page of the failure; under DEBUG only."""

    technical_url: str = ""
    is_answered: bool = False
    """One of our own pages was the answer: what there is to report has been."""

    burst: str | None = None
    """The burst of strategy.toml that this request is part of, where its status does not tell."""

    account: str = ""
    """The log-in that was tried, until the answer is made."""

    reports: list[Report] = field(default_factory=list)
    _error_id: str | None = None

    @property
    def error_id(self) -> str:
        """Made when first asked for, and in each log line of the request from then on."""
        return self._error_id or self.need_error_id()

    def need_error_id(self) -> str:
        """Make it now, for the log lines that follow."""
        if self._error_id is None:
            self._error_id = make_error_id()
            bind_contextvars(error_id=self._error_id)
        return self._error_id

    @property
    def has_error_id(self) -> bool:
        return self._error_id is not None

    def event_id_of(self, exc: BaseException | None) -> str | None:
        """The id of the event that reports `exc`, or one that it was raised from; None when nothing was kept of it."""
        for link in _chain(exc):
            for report in self.reports:
                if report.kept and report.exception is link:
                    return report.event_id
        return None

    def let_go(self) -> None:
        """The answer is made: hold no exception, with its frames and all that they hold, any longer."""
        self.failure = self.technical_page = None
        for report in self.reports:
            report.exception = None

    def note_report(self, event_id: str, exc: BaseException | None) -> Report:
        report = Report(event_id, exc)
        self.reports.append(report)
        # A request that reports without end must not hold memory without end.
        del self.reports[:-20]
        return report


def facts_of(request: HttpRequest) -> RequestFacts:
    """The facts of `request`; made here when the middleware is not installed."""
    facts: RequestFacts | None = request.__dict__.get(_ATTRIBUTE)
    if facts is None:
        facts = RequestFacts(request_id_of(request.META.get("HTTP_X_REQUEST_ID")))
        request.__dict__[_ATTRIBUTE] = facts
    return facts


def begin(request: HttpRequest) -> RequestFacts:
    """Give the request its id, where everything behind the middleware finds the same one."""
    facts = facts_of(request)
    request.META["HTTP_X_REQUEST_ID"] = facts.request_id
    bind_contextvars(request_id=facts.request_id)
    current_request_id.set(facts.request_id)
    return facts


def end() -> None:
    """The next request on this thread starts with clean log lines."""
    unbind_contextvars("request_id", "error_id")
    current_request_id.set(None)


def note_failure(sender: Any, request: HttpRequest | None = None, **_: Any) -> None:
    """Receiver of `got_request_exception`: an error id exists before anybody logs the failure."""
    if request is None:
        return
    facts = facts_of(request)
    facts.failure = sys.exc_info()[1]
    facts.need_error_id()


def _chain(exc: BaseException | None) -> list[BaseException]:
    links: list[BaseException] = []
    while exc is not None and len(links) < 20 and not any(link is exc for link in links):
        links.append(exc)
        exc = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    return links

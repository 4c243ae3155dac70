"""Under DEBUG: the branded page as visitors will see it, with Django's technical page one click away.

Django's page is kept on disk, readable by this user alone, and served by a view that exists under DEBUG only.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.views.debug import ExceptionReporter, get_exception_reporter_class

from core import error_pages
from core.error_settings import error_page_settings, place
from core.request_facts import RequestFacts, facts_of

KEEP = 20
# Django's page brings its style and script in line. In its sandbox it has no origin, so nothing of the site's is in reach.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; sandbox allow-scripts"
_TECHNICAL_404 = b"<code>DEBUG = True</code>"
_OF_THE_BODY = frozenset({"content-type", "content-length", "content-security-policy"})
_ERROR_ID = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")


def watch(request: HttpRequest) -> None:
    """Take note of the technical page when Django makes one for `request`."""
    base = cast(type[ExceptionReporter], get_exception_reporter_class(request))
    request.exception_reporter_class = _watching(base)


def _watching(base: type[ExceptionReporter]) -> type[ExceptionReporter]:
    class WatchingReporter(base):  # type: ignore[misc, valid-type]
        def get_traceback_html(self) -> str:
            html: str = super().get_traceback_html()
            _note(self.request, html, self.exc_value)
            return html

        def get_traceback_text(self) -> str:
            # A client that takes no HTML gets our JSON; the page is kept for whoever reads the id in it.
            _note(self.request, super().get_traceback_html(), self.exc_value)
            return str(super().get_traceback_text())

    return WatchingReporter


def _note(request: HttpRequest | None, html: str, exc: BaseException | None) -> None:
    if request is not None:
        facts = facts_of(request)
        facts.technical_page, facts.failure = html, exc


def rebrand(request: HttpRequest, response: HttpResponseBase, facts: RequestFacts) -> HttpResponseBase:
    """The branded answer in place of a technical one; any other answer as it is."""
    if not isinstance(response, HttpResponse):
        return response
    if facts.technical_page is not None:
        facts.technical_url = _keep(facts.error_id, facts.technical_page)
        is_bad_request = response.status_code == 400
        branded = (
            error_pages.bad_request(request)
            if is_bad_request
            else error_pages.failure_page(request, facts.failure)
        )
    elif response.status_code == 404 and _TECHNICAL_404 in response.content:
        facts.technical_url = _keep(facts.error_id, response.content.decode())
        branded = error_pages.page_not_found(request)
    else:
        return response
    for name, value in response.headers.items():
        # What the middlewares behind this one have added, their own headers and cookies.
        if name.lower() not in _OF_THE_BODY:
            branded.headers.setdefault(name, value)
    branded.cookies = response.cookies
    return branded


def technical_page(request: HttpRequest, error_id: str) -> HttpResponse:
    """View: Django's page of one failure."""
    path = _directory() / f"{error_id}.html"
    if not settings.DEBUG or not _ERROR_ID.fullmatch(error_id) or not path.is_file():
        raise Http404(f"No technical page is kept for {error_id}: the newest {KEEP} are.")
    response = HttpResponse(path.read_bytes())
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _keep(error_id: str, html: str) -> str:
    """Address of the kept page, or nothing when it could not be kept."""
    directory = _directory()
    with contextlib.suppress(OSError, NoReverseMatch):
        url = reverse("error-technical", args=[error_id])
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(directory / f"{error_id}.html", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8", errors="replace") as page:
            page.write(html)
        _forget_old(directory)
        return url
    return ""


def _forget_old(directory: Path) -> None:
    pages = sorted(directory.glob("*.html"), key=lambda path: path.stat().st_mtime_ns)
    for path in pages[:-KEEP]:
        path.unlink(missing_ok=True)


def _directory() -> Path:
    return place(error_page_settings().debug_dir, "debug-pages")

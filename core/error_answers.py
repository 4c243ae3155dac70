"""Makes the answer to a failed request, as a page or as JSON, with everything else down.

No database, session, context processor or request is needed to draw it; should even the templates fail, plain HTML is left.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils import translation
from django.utils.cache import patch_vary_headers

from core.error_settings import address, error_page_settings, script_url
from core.request_facts import facts_of

HTML = "text/html"
JSON = "application/json"
PROBLEM = "application/problem+json"

TITLES = {
    400: "Bad request",
    403: "Forbidden",
    404: "Not found",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}
MESSAGES = {
    400: "The request could not be read.",
    403: "You may not do this.",
    404: "There is nothing at this address.",
    429: "That was too much at once.",
    500: "Something broke on our side.",
    503: "A part that this needs is away for a moment.",
}
_LANGUAGE = re.compile(r'<html[^>]* lang="([\w-]+)"')
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def wanted_type(request: HttpRequest) -> str:
    """text/html, application/json or application/problem+json: what the client would rather have."""
    preferred = request.get_preferred_type([HTML, JSON, PROBLEM])
    sends_json = (request.content_type or "").split(";")[0].endswith("json")
    explicit = "html" in request.headers.get("Accept", "")
    return JSON if preferred in (None, HTML) and sends_json and not explicit else preferred or HTML


def family(status: int) -> int:
    """The status whose page is shown for `status`: each has its own or the plain one of its class."""
    if status in TITLES:
        return status
    return 400 if status < 500 else 500


def answer(
    request: HttpRequest,
    status: int,
    *,
    message: str | None = None,
    retry_after_s: int | None = None,
    as_type: str | None = None,
    page: dict[str, Any] | None = None,
    template: str | None = None,
) -> HttpResponse:
    """The page or JSON for `status`. `message` is said instead of the usual words; `page` adds to the page's variables."""
    facts_of(request).is_answered = True
    kind = as_type or wanted_type(request)
    known = dict(page or {})
    if kind == HTML:
        response = _page(
            request, status, known | {"reason": message, "retry_after_s": retry_after_s}, template
        )
    else:
        response = _json(request, status, message or MESSAGES[family(status)], known.get("error_id"), kind)
    patch_vary_headers(response, ("Accept",))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def explain_refused_method(request: HttpRequest, response: HttpResponse) -> None:
    """Fill Django's empty 405, in whose place browsers show a fault of their own. Headers of other middleware stay.

    One comes here by logging in again after a form was sent: what follows the log-in is a GET of the form's address.
    """
    if response.content or "html" not in request.headers.get("Accept", ""):
        return
    page = answer(request, response.status_code, as_type=HTML, page={"retry_url": ""})
    response.content = page.content
    for name, value in page.headers.items():
        if name != "Vary":
            response.headers[name] = value
    response.headers["Content-Length"] = str(len(response.content))
    patch_vary_headers(response, ("Accept",))


def _page(request: HttpRequest, status: int, page: dict[str, Any], template: str | None) -> HttpResponse:
    context = _context(request) | {"status": status} | page
    html = _drawn(request, template or f"errors/{family(status)}.html", context) or _plain(status, context)
    response = HttpResponse(html, status=status)
    response.headers["Content-Security-Policy"] = content_security_policy(html, context.get("script_url", ""))
    if language := _LANGUAGE.search(html):
        response.headers["Content-Language"] = language[1]
    patch_vary_headers(response, ("Accept-Language",))
    return response


def _drawn(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    """The page in the language that a middleware chose for the request, else in English; empty when it cannot be drawn.

    Outside of that middleware its language is no longer the active one.
    """
    # None reads no catalogue.
    for language in (getattr(request, "LANGUAGE_CODE", None) or translation.get_language(), None):
        try:
            with translation.override(language):
                return get_template(template).render(context)
        except Exception:  # noqa: S112
            # A boundary: this is drawn because something failed, and that may have been the catalogue or the templates.
            continue
    return ""


def _context(request: HttpRequest) -> dict[str, Any]:
    site, facts = error_page_settings(), facts_of(request)
    return {
        "request_id": facts.request_id,
        "technical_url": facts.technical_url,
        "support_email": site.support_email,
        "site_name": site.site_name,
        "home_url": address(site.home_url) or "/",
        # Only what is safe to ask for again can be tried again by a link.
        "retry_url": request.get_full_path() if request.method in ("GET", "HEAD") else "",
        "script_url": script_url(),
    }


def _json(request: HttpRequest, status: int, message: str, error_id: str | None, kind: str) -> HttpResponse:
    body: dict[str, Any]
    if kind == PROBLEM:
        # RFC 9457.
        body = {"type": "about:blank", "title": TITLES[family(status)], "status": status, "detail": message}
        if error_id:
            body["instance"] = f"urn:error:{error_id}"
            body["error_id"] = error_id
        body["request_id"] = facts_of(request).request_id
    else:
        body = {"success": False, "error": message, "error_id": error_id}
    return HttpResponse(json.dumps(body), status=status, content_type=kind)


def content_security_policy(html: str, script: str = "") -> str:
    """Allows the page's own style by its hash, its one script by its origin, its form to post home, and nothing else."""
    style = _STYLE.search(html)
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode() if style else ""
    host = urlsplit(script)
    origin = f" {host.scheme or 'https'}://{host.netloc}" if host.netloc else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{digest}'" if digest else "style-src 'none'",
            f"script-src 'self'{origin}",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _plain(status: int, context: dict[str, Any]) -> str:
    shown = context.get("error_id") or context.get("request_id") or ""
    said = escape(str(context.get("reason") or MESSAGES[family(status)]))
    return (
        f"<!DOCTYPE html><html lang=\"en\"><head><meta charset='utf-8'><title>{status}</title></head>"
        f"<body><h1>{status}</h1><p>{said}</p><p>Error id: {escape(str(shown))}</p></body></html>"
    )

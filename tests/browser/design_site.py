"""A small server for looking at the design alone: the style guide and the error pages under the real policy.

No database, no session: what is shown here must be drawable with both away.
"""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory

ERROR_CODES = (400, 403, 404, 429, 500, 503)
ERROR_CONTEXT = {
    "error_id": "4f0c3f7b9a6e4c3e8c1d2b7a90e1f5d2",
    "reported": True,
    "support_email": "support@hydroml.example",
    "feedback_url": "/feedback",
    "feedback_token": "signed",
    "home_url": "/",
    "retry_url": "/retry",
    "search_url": "/projects/",
    "suggestions": [{"label": f"Suggestion {number}", "url": f"/{number}"} for number in range(5)],
    "path": "/projects/" + "narraguagus" * 20,
    "request_id": "c0ffee12",
    "script_url": "/static/core/error-page.js",
}
REFUSED_UPLOAD = (
    '<form method="post" id="upload" data-upload><input type="file" name="file" aria-invalid="true">'
    '<ul class="errorlist"><li>Row 3 has 5 values, the header has 4.</li></ul></form>'
)


def policy(style: str = "") -> str:
    """The application's own Content-Security-Policy; with `style`, that one element is allowed by its hash."""
    directives = {
        name: list(sources) for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
    }
    if style:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        directives["style-src"] = [f"'sha256-{digest}'"]
    return "; ".join(f"{name} {' '.join(map(str, sources))}" for name, sources in directives.items())


def error_css() -> str:
    return get_template("errors/_style.html").render()


class DesignHandler(BaseHTTPRequestHandler):
    """Answers /styleguide/, /errors/<code>/, /static/… and the posts that the pages make."""

    posted: ClassVar[list[str]] = []
    answers: ClassVar[list[tuple[int, dict[str, str], str]]] = []

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/styleguide/":
            request = RequestFactory().get(self.path)
            request.user = AnonymousUser()
            self._answer(200, {}, render_to_string("styleguide.html", {"search_url": "/projects/"}, request))
        elif path.startswith("/errors/"):
            code = path.strip("/").rsplit("/", 1)[-1]
            page = render_to_string(f"errors/{code}.html", ERROR_CONTEXT)
            self._answer(200, {"Content-Security-Policy": policy(error_css())}, page)
        elif path.startswith("/static/") and (found := finders.find(path.removeprefix("/static/"))):
            self._answer(200, {"Content-Type": guess_type(path)[0] or ""}, Path(found).read_text())
        else:
            self._answer(200, {}, "<!DOCTYPE html><title>Arrived</title><p>Arrived")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append(f"{self.path} {body.decode(errors='replace')}")
        self._answer(*(self.answers.pop(0) if self.answers else (200, {}, "{}")))

    def _answer(self, status: int, headers: dict[str, str], text: str) -> None:
        body = text.encode()
        defaults = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy()}
        self.send_response(status)
        for name, value in (defaults | headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test's output to what failed."""


@contextmanager
def design_site() -> Iterator[str]:
    """Runs the server on a free port; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), DesignHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

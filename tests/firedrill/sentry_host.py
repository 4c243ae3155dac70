"""A Sentry as far as the drill needs one: takes envelopes, and answers its web API in the shapes that Sentry publishes."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import brotli
from sentry_sdk.envelope import Envelope

from tests.core.provisioning.published_requests import (
    UnpublishedError,
    answer_problems,
    operation_of,
    problems,
)

Json = dict[str, Any]
TOKEN, ORG, PROJECT = "sntrys_of-a-test", "acme", "hydroml"
KEY, NUMBER = "a" * 32, 7
_INFLATE = {"gzip": gzip.decompress, "deflate": zlib.decompress, "br": brotli.decompress, "": bytes}


class SentryHost:
    """`events` by id, as they came; `wrong` is what Sentry's document had against any request or answer."""

    def __init__(self) -> None:
        self.events: dict[str, Json] = {}
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self._server = _Server(self)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def dsn(self) -> str:
        return f"http://{KEY}@127.0.0.1:{self._server.server_port}/{NUMBER}"

    def take(self, envelope: Envelope) -> None:
        for item in envelope.items:
            event = item.payload.json if item.type == "event" else None
            if event:
                self.events[event["event_id"]] = event

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        """Held against the document before it is given."""
        self.asked.append(path)
        try:
            template, _, variables = operation_of(method, path)
        except UnpublishedError as error:
            self.wrong.append(str(error))
            return 404, {"detail": "Not found"}
        self.wrong += problems(method, path, None)
        found = self.events.get(variables.get("event_id", "")) if "event_id" in variables else None
        status, said = (200, published(found)) if found else (404, None)
        self.wrong += answer_problems(template, method.lower(), status, said)
        return status, said

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def published(event: Json) -> Json:
    """An event as Sentry's API shows it."""
    values = (event.get("exception") or {}).get("values") or []
    title = (
        f"{values[-1]['type']}: {values[-1].get('value')}"
        if values
        else str(event.get("logentry", {}).get("message"))
    )
    tags = dict(event.get("tags") or {}) | {
        "environment": event.get("environment"),
        "release": event.get("release"),
    }
    entries: list[Json] = [
        {"type": "breadcrumbs", "data": {"values": (event.get("breadcrumbs") or {}).get("values", [])}}
    ]
    if values:
        entries.append({"type": "exception", "data": {"values": values}})
    return {
        "id": event["event_id"], "groupID": "12", "eventID": event["event_id"], "projectID": str(NUMBER),
        "message": title, "title": title, "location": None, "user": None, "platform": "python", "type": "error",
        "tags": [{"key": key, "value": str(value)} for key, value in tags.items() if value],
        "dateReceived": "2026-11-29T09:00:00Z", "contexts": event.get("contexts") or {}, "size": 1, "entries": entries,
        "dist": None, "sdk": {"name": "sentry.python", "version": "2"}, "context": event.get("extra") or {},
        "packages": {}, "metadata": {}, "errors": [], "occurrence": None, "_meta": {}, "crashFile": None,
        "culprit": None, "dateCreated": "2026-11-29T09:00:00Z", "fingerprints": ["x"],
        "groupingConfig": {"enhancements": "", "id": "x"}, "startTimestamp": None, "endTimestamp": None,
        "nextEventID": None, "previousEventID": None, "release": None, "userReport": None,
        "sdkUpdates": [], "resolvedWith": [],
    }  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: SentryHost) -> None:
        self.host = host
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        assert KEY in self.headers["X-Sentry-Auth"]
        body = _INFLATE[self.headers.get("Content-Encoding", "")](raw)
        self.server.host.take(Envelope.deserialize(body))
        self._send(200, {"id": "x"})

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._send(401, {"detail": "Invalid token"})
            return
        if self.path.startswith(f"/api/0/organizations/{ORG}/issues/"):
            self._send(200, {"id": "12", "title": "an issue"})
            return
        self._send(*self.server.host.answer("GET", self.path))

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _send(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

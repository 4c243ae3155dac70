"""The real WSGI and ASGI handlers without a server, and what the SDK sends kept in memory.

Django's test client goes past the SDK's WSGI middleware: no scope of its own, no URL, no transaction, tags that leak.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
import json
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from unittest import mock
from urllib.parse import urlsplit

import sentry_sdk
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.cache import caches
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from core.sentry import denominators
from core.sentry.denominators import Denominators
from core.sentry.setup import setup_sentry

Value = TypeVar("Value")
DSN = "http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1"


class MemoryTransport(Transport):
    """Keeps what would have left the process."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        super().__init__(options)
        self.envelopes: list[Envelope] = []
        self.is_broken = False

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)

    def items(self, *kinds: str) -> list[dict[str, Any]]:
        found = []
        for envelope in self.envelopes:
            for item in envelope.items:
                if item.headers.get("type") in kinds:
                    found.append(json.loads(item.payload.get_bytes()))
        return found

    @property
    def errors(self) -> list[dict[str, Any]]:
        return self.items("event")

    @property
    def transactions(self) -> list[dict[str, Any]]:
        return self.items("transaction")

    @property
    def check_ins(self) -> list[dict[str, Any]]:
        return self.items("check_in")


@contextmanager
def reporting(**variables: str) -> Iterator[MemoryTransport]:
    """The SDK set up as in production, with its envelopes kept in memory."""
    setup_sentry(
        variables={
            "SENTRY_DSN": DSN,
            "SENTRY_ENVIRONMENT": "test",
            "SENTRY_RELEASE": "hydroml@1.0.0+test",
            **variables,
        },
        transport=MemoryTransport,
    )
    transport = sentry_sdk.get_client().transport
    assert isinstance(transport, MemoryTransport)
    # Its own sums, sent when asked for: those of other tests, each minute, would come in between.
    sums = Denominators(every_s=3600)
    try:
        with mock.patch.object(denominators, "_current", sums):
            yield transport
    finally:
        sums.stop()
        sentry_sdk.get_client().close(timeout=0)
        sentry_sdk.get_global_scope().set_client(None)
        sentry_sdk.get_isolation_scope().clear()


@contextmanager
def connections_kept() -> Iterator[None]:
    """As Django's test client does: the test's transaction must outlive the request."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    try:
        yield
    finally:
        request_started.connect(close_old_connections)
        request_finished.connect(close_old_connections)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = self.body.decode(errors="replace")

    def json(self) -> Any:
        return json.loads(self.body)


class WsgiClient:
    """Calls the WSGI handler as a server does, closing included."""

    def __init__(self) -> None:
        self.handler = WSGIHandler()

    def __call__(
        self,
        path: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        content_type: str = "application/x-www-form-urlencoded",
    ) -> Answer:
        parts = urlsplit(path)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": content_type,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "HTTP_HOST": "localhost",
        }
        for name, value in (headers or {}).items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        started: list[tuple[str, list[tuple[str, str]]]] = []
        with connections_kept():
            answer = self.handler(
                environ, lambda status, given, exc_info=None: started.append((status, given))
            )
            try:
                content = b"".join(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()
        status, given = started[-1]
        return Answer(int(status.split()[0]), dict(given), content)


def run_async(work: Coroutine[Any, Any, Value]) -> Value:
    """In a thread with a loop of its own: Playwright's, once started, runs in the main thread until the session ends."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, asyncio.run, _and_hang_up(work)).result()


async def _and_hang_up(work: Coroutine[Any, Any, Value]) -> Value:
    # Each request would have a thread for its synchronous code, gone before anybody could close what that opened;
    # inside a context they share its thread. A cache that a task makes is out of reach too, so all are made here.
    async with ThreadSensitiveContext():
        for alias in caches:
            caches[alias]
        try:
            return await work
        finally:
            await sync_to_async(_hang_up)()


def _hang_up() -> None:
    """Close what synchronous code opened; called in its thread."""
    connections.close_all()
    for cache in caches.all(initialized_only=True):
        for pool in getattr(getattr(cache, "_cache", None), "_pools", {}).values():
            pool.disconnect()


class AsgiClient:
    """Calls the ASGI handler as a server does, in an event loop of its own."""

    def __init__(self) -> None:
        self.handler = ASGIHandler()

    def __call__(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        with connections_kept():
            return run_async(self._call(path, method, headers or {}, body))

    async def _call(self, path: str, method: str, headers: dict[str, str], body: bytes) -> Answer:
        parts = urlsplit(path)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(b"host", b"localhost")]
            + [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("localhost", 80),
        }
        sent: list[dict[str, Any]] = []
        asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        await asked.put({"type": "http.request", "body": body, "more_body": False})

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.handler(scope, asked.get, send)
        start = next(message for message in sent if message["type"] == "http.response.start")
        return Answer(
            start["status"],
            {name.decode().title(): value.decode() for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body"),
        )

"""Asks the real WSGI and ASGI handlers as servers do, for clients that behave and for clients that do not.

`big-form`: sends more than is allowed. `forged-host`: names another host. `gone-while-sending`: the form breaks off.
`gone-while-reading`: takes the first line of the answer and closes. `gone`: closes while the view is at work.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler

_FORM = "application/x-www-form-urlencoded"


@dataclass
class Answer:
    """`status` is 0 when none came. What the handler let out would be the server's to answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    let_out: str = ""


class _BrokenOff(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        raise OSError("connection reset by peer")


def ask_wsgi(path: str, client: str) -> Answer:
    answer = Answer()

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        answer.status, answer.headers = int(status.split()[0]), dict(headers)

    try:
        content = WSGIHandler()(_environ(path, client), start)
        try:
            for _ in content:
                if client == "gone-while-reading":
                    break
        finally:
            content.close()  # type: ignore[attr-defined]
    except BaseException as exc:
        # What a server would log.
        answer.let_out = type(exc).__name__
    return answer


def _environ(path: str, client: str) -> dict[str, Any]:
    sends = client in ("big-form", "gone-while-sending")
    body = b"level=" + b"3" * 5000 if client == "big-form" else b""
    return {
        "REQUEST_METHOD": "POST" if sends else "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": "900" if client == "gone-while-sending" else str(len(body)),
        "CONTENT_TYPE": _FORM if sends else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": _BrokenOff() if client == "gone-while-sending" else io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_HOST": "forged.example" if client == "forged-host" else "localhost",
    }


def ask_asgi(path: str, client: str) -> Answer:
    return asyncio.run(_ask_asgi(path, client))


async def _ask_asgi(path: str, client: str) -> Answer:
    answer = Answer()
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await messages.put({"type": "http.request", "body": b"", "more_body": False})
    if client == "gone":
        await messages.put({"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().title(): value.decode() for name, value in message["headers"]}

    try:
        await ASGIHandler()(_scope(path), messages.get, send)
    except BaseException as exc:
        # As above.
        answer.let_out = type(exc).__name__
    return answer


def _scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }

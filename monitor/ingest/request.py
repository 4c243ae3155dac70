"""One HTTP request as the endpoints need it: which endpoint, which headers, and the body, bounded in size and time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.protocol import ProtocolError, Reason

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

_KEPT_HEADERS = frozenset(
    {
        b"x-sentry-auth",
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"origin",
        b"user-agent",
    }
)
_LARGE = 1024 * 1024


@dataclass(slots=True)
class Request:
    method: str
    path: list[str]
    """The parts between the slashes, empty ones left out."""
    query: str
    headers: dict[str, str] = field(repr=False)
    remote_addr: str = ""

    @classmethod
    def from_scope(cls, scope: Scope) -> "Request":
        client = scope.get("client")
        return cls(
            method=scope["method"],
            path=[part for part in scope["path"].split("/") if part],
            query=scope["query_string"].decode("latin-1"),
            headers={
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in scope["headers"]
                if name in _KEPT_HEADERS
            },
            remote_addr=client[0] if client else "",
        )

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


class ClientGoneError(Exception):
    """The client hung up before its request was whole; nobody waits for an answer."""


class BodyReader:
    """Reads bodies for one process, and knows how much of them is in memory."""

    def __init__(self, *, max_bytes: int, held_max_bytes: int, timeout_s: float) -> None:
        self._max_bytes = max_bytes
        self._held_max_bytes = held_max_bytes
        self._timeout_s = timeout_s
        self._held = 0

    async def read(self, request: Request, receive: Receive) -> bytes:
        """The body as sent, compressed. Raises ProtocolError (too_large, too_slow, overloaded), ClientGoneError."""
        announced = request.header("content-length")
        if announced.isdigit() and (len(announced) > 12 or int(announced) > self._max_bytes):
            raise self._too_large()
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) > self._max_bytes:
                raise self._too_large()
            return body
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._read_on(message, receive)
        except TimeoutError as error:
            raise ProtocolError(
                Reason.TOO_SLOW, f"The body was not whole after {self._timeout_s:.0f} s; send it at once."
            ) from error

    async def _read_on(self, message: Mapping[str, Any], receive: Receive) -> bytes:
        parts, size, held = [], 0, 0
        try:
            while True:
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > self._max_bytes:
                    raise self._too_large()
                if size > _LARGE:
                    self._hold(size - held)
                    held = size
                if not message.get("more_body"):
                    return b"".join(parts)
                message = await receive()
        finally:
            self._held -= held

    def _hold(self, size: int) -> None:
        if self._held + size > self._held_max_bytes:
            raise ProtocolError(
                Reason.OVERLOADED, "Too many large bodies at once; send this one again in a moment."
            )
        self._held += size

    def _too_large(self) -> ProtocolError:
        return ProtocolError(
            Reason.TOO_LARGE,
            f"The request is larger than {self._max_bytes:,} bytes; send less, or compress it.",
        )

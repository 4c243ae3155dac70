"""uvicorn's protocol with bounds on what comes before the application is asked.

As it comes, uvicorn with httptools keeps headers without end (150 MB of them from one connection, measured) and
waits for them for ever. One stranger without a key could so take all memory, or all connections.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_MAX = 64 * 1024
"""Bytes of request line and headers; asyncio reads up to 256 KB at once before anybody can look."""
HEAD_TIMEOUT_S = 15.0
"""From the connection, or from the first byte of a later request, to the end of its headers."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """Hangs up without an answer: whoever does this is no SDK."""

    _in_head = False
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            return
        if self._head_bytes > HEAD_MAX:
            self._hang_up()
        elif self._deadline is None:
            self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._clear_deadline()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        # Whatever of the next request came in the same piece is not counted; it is less than asyncio's 256 KB.
        self._head_bytes = 0

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(HEAD_TIMEOUT_S, self._hang_up)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _hang_up(self) -> None:
        self._clear_deadline()
        self.transport.abort()

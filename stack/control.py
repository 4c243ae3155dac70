"""A Unix socket through which the fire drill has services stopped and started. For this user alone.

One line of JSON asks, one answers: {"do": "stop", "what": "postgres"} → {"ok": true}, or {"ok": false, "why": "…"}.
"""

from __future__ import annotations

import contextlib
import json
import os
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stack.errors import StackError
from stack.steering import Steering

MAX_PATH = 100  # of a Unix socket's address the kernel takes 108 bytes


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(json.dumps(self.server.answer(line)).encode() + b"\n")


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, steering: Steering) -> None:
        self._steering, self._one_at_a_time = steering, threading.Lock()
        super().__init__(path, _Handler)

    def answer(self, line: bytes) -> dict[str, Any]:
        try:
            wish = json.loads(line)
            with self._one_at_a_time:
                return {"ok": True} | self._do(str(wish["do"]), str(wish.get("what", "")))
        except (StackError, ValueError, KeyError, TypeError, AttributeError) as error:
            return {"ok": False, "why": str(error) or type(error).__name__}

    def _do(self, what: str, name: str) -> dict[str, Any]:
        if what == "list":
            return {"names": self._steering.names}
        if what == "deploy":
            return {"address": self._steering.deploy(name)}
        if what == "withdraw":
            self._steering.withdraw()
        elif what == "stop":
            self._steering.stop(name)
        elif what == "start":
            self._steering.start(name)
        else:
            raise StackError(f"{what!r} is not done here: list, stop, start, deploy, withdraw are.")
        return {}


@contextlib.contextmanager
def control_socket(path: Path, steering: Steering) -> Iterator[Path | None]:
    """Listens as long as the block lasts. None where the path is too long for a socket: then nothing can be stopped."""
    if len(os.fsencode(path)) > MAX_PATH:
        yield None
        return
    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        server = _Server(str(path), steering)
    finally:
        os.umask(before)
    with server:
        threading.Thread(target=server.serve_forever, args=(0.1,), name="control", daemon=True).start()
        try:
            yield path
        finally:
            server.shutdown()
            path.unlink(missing_ok=True)

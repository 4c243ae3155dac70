"""A Sentry host that can be told to misbehave: for the spool's bench and its tests.

It stores by event id, as a receiver should: an envelope that comes twice is stored once, and counted.
"""

import gzip
import json
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import brotli

MODES = ("ok", "away", "hanging", "slow", "500", "429")


class Receiver:
    """`with Receiver() as host:`; `host.mode` may be changed at any time. Its port stays its own while away."""

    def __init__(self, mode: str = "ok", *, slow_s: float = 0.3, retry_after_s: int = 1) -> None:
        self.slow_s = slow_s
        self.retry_after_s = retry_after_s
        self.refuse_ids: set[str] = set()
        self.answer_headers: dict[str, str] = {}
        self.received: list[dict[str, Any]] = []
        self.stored: Counter[str] = Counter()
        self.items: Counter[str] = Counter()
        self.requests: Counter[int] = Counter()
        self.lost: Counter[tuple[str, str]] = Counter()
        self.connections = 0
        self.arrived = threading.Condition()
        self._release = threading.Event()
        self._mode = mode
        self._server: ThreadingHTTPServer | None = None
        # Bound and not listening: the port is refused, and nobody else's.
        self._reservation = _bind(0)
        self.port: int = self._reservation.getsockname()[1]

    @property
    def dsn(self) -> str:
        return f"http://{'a' * 32}@127.0.0.1:{self.port}/7"

    @property
    def mode(self) -> str:
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode not in MODES and not mode.isdigit():
            raise ValueError(f"mode {mode!r} is none of {', '.join(MODES)} and no status.")
        self._mode = mode
        # Those that hang now are let go without an answer.
        self._release.set()
        self._release = threading.Event()
        if mode == "away":
            self._stop_listening()
        elif self._server is None:
            self._listen()

    def __enter__(self) -> Self:
        self.mode = self._mode
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._release.set()
        self._stop_listening()
        self._reservation.close()

    def wait_for(self, ids: set[str], timeout_s: float) -> set[str]:
        """Wait until all are stored; gives those that are missing."""
        with self.arrived:
            self.arrived.wait_for(lambda: ids <= self.stored.keys(), timeout_s)
            return ids - self.stored.keys()

    def wait_until(self, condition: Any, timeout_s: float = 60.0) -> bool:
        with self.arrived:
            return bool(self.arrived.wait_for(condition, timeout_s))

    def _listen(self) -> None:
        receiver = self

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            allow_reuse_port = True
            request_queue_size = 128

            def get_request(self) -> Any:
                connection, address = super().get_request()
                receiver._open.add(connection)
                with receiver.arrived:
                    receiver.connections += 1
                    receiver.arrived.notify_all()
                return connection, address

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client killed in the middle of a request is what is being tested."""

        class Handler(_Handler):
            host = receiver

        self._open: set[socket.socket] = set()
        self._server = Server(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="receiver", daemon=True
        )
        self._thread.start()

    def _stop_listening(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.shutdown()
        server.server_close()
        self._thread.join()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _store(self, body: bytes) -> None:
        headers, items = parse_envelope(body)
        with self.arrived:
            self.received.append({"headers": headers, "items": items})
            for item_headers, payload in items:
                self.items[item_headers["type"]] += 1
                if item_headers["type"] in ("event", "feedback", "check_in", "transaction"):
                    self.stored[headers["event_id"]] += 1
                if item_headers["type"] == "client_report":
                    for lost in json.loads(payload)["discarded_events"]:
                        self.lost[lost["reason"], lost["category"]] += lost["quantity"]
            self.arrived.notify_all()


class _Handler(BaseHTTPRequestHandler):
    host: Receiver
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        encoding = self.headers.get("Content-Encoding", "")
        mode, release = self.host.mode, self.host._release
        if mode == "hanging":
            release.wait()
            self.close_connection = True
            return
        if mode == "slow":
            time.sleep(self.host.slow_s)
        raw = {"gzip": gzip.decompress, "br": brotli.decompress}.get(encoding, bytes)(body)
        status = int(mode) if mode.isdigit() else 200
        if self.host.refuse_ids and any(event_id.encode() in raw for event_id in self.host.refuse_ids):
            status = 500
        if status == 200:
            self.host._store(raw)
        headers = dict(self.host.answer_headers)
        if status == 429:
            headers["Retry-After"] = str(self.host.retry_after_s)
        self._answer(status, headers)

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        with self.host.arrived:
            self.host.requests[status] += 1
            self.host.arrived.notify_all()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def parse_envelope(body: bytes) -> tuple[dict[str, Any], list[tuple[dict[str, Any], bytes]]]:
    head, _, rest = body.partition(b"\n")
    items = []
    while rest:
        line, _, rest = rest.partition(b"\n")
        headers = json.loads(line)
        items.append((headers, rest[: headers["length"]]))
        rest = rest[headers["length"] + 1 :]
    return json.loads(head), items


def _bind(port: int) -> socket.socket:
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserved.bind(("127.0.0.1", port))
    return reserved

"""The receiving end as the tests need it: as a process of its own, or as an application that is called directly."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson

from monitor.ingest.application import IngestApplication
from monitor.ingest.keyring import ProjectKey
from monitor.ingest.settings import IngestSettings
from monitor.ingest.spool import Record, SpoolReader
from monitor.ingest.spool.record import Count

ROOT = Path(__file__).resolve().parents[3]
KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "f" * 32
AUTH = {"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=test/1.0"}


class FixedKeys:
    """A key ring of the keys given."""

    def __init__(self, *keys: ProjectKey) -> None:
        self.keys = {key.key: key for key in keys or (ProjectKey(KEY, 1), ProjectKey(OTHER_KEY, 2))}

    def find(self, key: str) -> ProjectKey | None:
        return self.keys.get(key)


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def make_application(tmp_path: Path, *keys: ProjectKey, **settings: Any) -> IngestApplication:
    given = {
        "spool": tmp_path / "spool",
        "keys_file": tmp_path / "keys.json",
        "min_free_bytes": 0,
        **settings,
    }
    return IngestApplication(IngestSettings(**given), FixedKeys(*keys))


def call(
    application: IngestApplication,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    chunks: list[bytes] | None = None,
) -> Reply:
    """One request, as a server would make it."""
    where, _, query = path.partition("?")
    parts = chunks if chunks is not None else [body]
    messages = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": where,
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 5),
    }

    async def run() -> None:
        await application(scope, receive, send)
        application.writer.rotate()

    asyncio.run(run())
    start, end = sent
    found = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Reply(start["status"], found, end["body"])


def read_all(spool: Path, *, kind: str = "envelope") -> list[Record]:
    """Take everything out of the spool."""
    reader, records = SpoolReader(spool), []
    while (batch := reader.claim()) is not None:
        records += [record for record in batch.records if record.meta.kind == kind]
        reader.done(batch)
    return records


def counted(application: IngestApplication) -> dict[tuple[int, str, str, str], int]:
    return {
        (one.project_id, one.outcome, one.reason, one.category): one.quantity for one in _taken(application)
    }


def _taken(application: IngestApplication) -> list[Count]:
    return application.counters.take()


@dataclass
class Server:
    """`python -m monitor.ingest`, really running."""

    process: "subprocess.Popen[bytes]"
    port: int
    spool: Path

    @property
    def dsn(self) -> str:
        return f"http://{KEY}@127.0.0.1:{self.port}/1"

    def request(
        self, path: str, body: bytes = b"", headers: dict[str, str] | None = None, method: str = "POST"
    ) -> Reply:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)


@contextmanager
def running_server(directory: Path, *, port: int = 0, **environment: str) -> Iterator[Server]:
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor.ingest", "--port", str(port)],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "MONITOR_SPOOL_DIR": str(directory / "spool"),
            "MONITOR_KEYS_FILE": str(directory / "keys.json"),
            "MONITOR_SPOOL_MIN_FREE_MB": "1",
            **environment,
        },
    )
    try:
        wait_for_port(port, process)
        yield Server(process, port, directory / "spool")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", timeout_s: float = 60) -> None:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nothing listens on {port}")

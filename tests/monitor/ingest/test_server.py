"""The real server process: with the real SDK, with raw sockets, killed at random moments."""

import gzip
import json
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
import zlib
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import brotli
import psutil
import pytest
import sentry_sdk
import zstandard

from monitor.ingest.keyring import ProjectKey, publish_keys
from tests.monitor.ingest.receiving import KEY, ROOT, free_port, read_all, running_server

pytestmark = pytest.mark.stack
ENVELOPE = f"/api/1/envelope/?sentry_key={KEY}"


def event(event_id: str, size: int = 20) -> bytes:
    payload = b'{"event_id":"%b","message":"%b"}' % (event_id.encode(), b"x" * size)
    return b'{"event_id":"%b"}\n{"type":"event","length":%d}\n%b\n' % (
        event_id.encode(),
        len(payload),
        payload,
    )


@pytest.fixture
def directory(tmp_path):
    publish_keys(tmp_path / "keys.json", [ProjectKey(KEY, 1)])
    return tmp_path


@pytest.fixture
def server(directory):
    with running_server(directory) as running:
        yield running


@pytest.mark.parametrize("compression", ["gzip", "br"])
def test_the_sdk_is_received_whole(server, compression):
    experiments = {"transport_compression_algo": compression}
    client = sentry_sdk.Client(
        dsn=server.dsn, traces_sample_rate=1.0, release="app@1", enable_logs=True, _experiments=experiments
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        with sentry_sdk.start_transaction(name="GET /") as transaction, sentry_sdk.start_span(op="db"):
            try:
                raise ValueError("a lake ran dry")
            except ValueError:
                error_id = sentry_sdk.capture_exception()
        sentry_sdk.logger.info("a log line")
        scope.add_attachment(bytes=b"\n\x00\xff", filename="a.bin")
        message_id = sentry_sdk.capture_message("with an attachment")
        sentry_sdk.crons.capture_checkin(monitor_slug="nightly", status="ok")
        client.flush(10)
        client.close()
    server.stop()

    envelopes = [record.envelope() for record in read_all(server.spool)]
    by_id = {envelope.event_id: envelope for envelope in envelopes}
    items = [item for envelope in envelopes for item in envelope.items]
    assert {"event", "transaction", "attachment", "check_in", "log"} <= {item.type for item in items}
    assert all(item.kind.known for item in items)
    exception = json.loads(by_id[error_id].items[0].payload)["exception"]["values"][0]
    assert exception["value"] == "a lake ran dry"
    assert [item.payload for item in by_id[message_id].items if item.type == "attachment"] == [b"\n\x00\xff"]
    assert transaction.name == "GET /"


def test_raw_clients_are_received_in_every_encoding_and_by_chunks(server):
    ids = [uuid.uuid4().hex for _ in range(6)]
    packers = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": brotli.compress,
        "zstd": zstandard.compress,
    }
    statuses = [
        server.request(ENVELOPE, pack(event(event_id)), {"Content-Encoding": name}).status
        for event_id, (name, pack) in zip(ids, packers.items(), strict=False)
    ]
    statuses.append(server.request(ENVELOPE, event(ids[4])).status)
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", ENVELOPE, iter([event(ids[5])[:30], event(ids[5])[30:]]), encode_chunked=True)
    statuses.append(connection.getresponse().status)
    connection.close()
    server.stop()

    assert statuses == [200] * 6
    assert {record.envelope().event_id for record in read_all(server.spool)} == set(ids)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"POST /api/1/envelope/\r\n\r\n",
        b"POST " + b"/a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/1/envelope/ HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n",
        b"POST /api/%00/envelope/?sentry_key=%ff HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx",
        b"POST /api/1/envelope/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/1/envelope/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n",
    ],
)
def test_broken_http_is_answered_or_hung_up_on_never_with_a_500(server, data):
    with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert b" 50" not in answer[:16]
    assert server.request(ENVELOPE, event(uuid.uuid4().hex)).status == 200


def cpu_s(server):
    """Of its processor, whatever else this machine does."""
    times = psutil.Process(server.process.pid).cpu_times()
    return times.user + times.system


def test_a_bomb_costs_the_server_neither_memory_nor_time(server):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    head = gzip.compress(b'{}\n{"type":"attachment","length":104857600}\n')
    before_s = cpu_s(server)

    statuses = [
        server.request(ENVELOPE, body, {"Content-Encoding": "gzip"}).status for body in (bomb, head + bomb)
    ]

    assert statuses == [413, 413]
    assert cpu_s(server) - before_s < 5
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak_kb < 120_000


def test_a_disk_quota_that_is_reached_is_a_503_and_what_was_accepted_stays(directory):
    limit = 300_000

    with running_server(directory) as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        ids = [uuid.uuid4().hex for _ in range(40)]
        accepted = {one for one in ids if server.request(ENVELOPE, event(one, 30_000)).status == 200}
        refused = server.request(ENVELOPE, event(uuid.uuid4().hex, 400_000))
        server.stop()

    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    assert {record.meta.event_id for record in read_all(server.spool)} == accepted


def test_a_wrong_setting_stops_the_start_with_a_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "monitor.ingest"],
        cwd=ROOT,
        env={"MONITOR_SPOOL_FSYNC": "sometimes"},
        capture_output=True,
        text=True,
        timeout=150,
    )

    assert done.returncode == 2
    assert "MONITOR_SPOOL_FSYNC is 'sometimes'" in done.stderr


ROUNDS = 10
CLIENTS = 4


class Load(threading.Thread):
    """Sends events on one keep-alive connection until told; remembers which were answered with 200."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        super().__init__()
        self.port, self.stop_event = port, stop
        self.accepted: list[str] = []

    def run(self) -> None:
        while not self.stop_event.is_set():
            connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                while not self.stop_event.is_set():
                    event_id = uuid.uuid4().hex
                    connection.request("POST", ENVELOPE, event(event_id, random.randint(1, 60_000)))
                    response = connection.getresponse()
                    response.read()
                    if response.status == 200:
                        self.accepted.append(event_id)
            except (OSError, HTTPException):
                # Killed, or not yet up again.
                self.stop_event.wait(0.02)
            finally:
                connection.close()


@pytest.mark.parametrize("fsync", ["never", "always"])
def test_every_event_that_was_answered_survives_kill_9_exactly_once(directory, fsync):
    stop, port = threading.Event(), free_port()
    clients = [Load(port, stop) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for _ in range(ROUNDS // 2):
            with running_server(directory, port=port, MONITOR_SPOOL_FSYNC=fsync) as server:
                before = sum(len(client.accepted) for client in clients)
                _wait_until(
                    lambda before=before: sum(len(client.accepted) for client in clients) > before + 20
                )
                time.sleep(random.uniform(0, 0.5))
                server.stop(signal.SIGKILL)
    finally:
        stop.set()
        for client in clients:
            client.join()

    stored = [record.meta.event_id for record in read_all(directory / "spool")]
    accepted = {event_id for client in clients for event_id in client.accepted}
    assert len(accepted) > 20 * (ROUNDS // 2)
    assert accepted <= set(stored)
    assert len(stored) == len(set(stored))


def _wait_until(condition, timeout_s: float = 120) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)

"""kill -9 of the web process and of the worker, at random moments, under load: what was answered with 200 is stored,
and nothing is stored twice.

Each envelope carries an event, which is told by its id, and a client's report, which has none: its count is only right
if each record was digested exactly once.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from monitor.protocol import serialise_envelope
from tests.monitor_site.digest.processes import KEY, Monitor, prepared, stop, wait_until

SENDERS = 4
_PATH = f"/api/1/envelope/?sentry_key={KEY}"


class Senders:
    """Threads that send without a pause, and remember what was answered with 200."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._send_on) for _ in range(SENDERS)]
        self.accepted: set[str] = set()
        self.sent: set[str] = set()

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _send_on(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        while not self._stopped.is_set():
            event_id = uuid4().hex
            self.sent.add(event_id)
            try:
                connection.request("POST", _PATH, _envelope(event_id))
                with connection.getresponse() as response:
                    response.read()
                    if response.status == 200:
                        self.accepted.add(event_id)
            except (OSError, HTTPException):
                # Killed. The SDK of an application would come again; here each event has one try.
                connection.close()
                self._stopped.wait(0.02)
        connection.close()


def _envelope(event_id: str) -> bytes:
    kind = random.choice("ABCDEFGH")
    event = {
        "message": f"gauge {kind} is silent",
        "fingerprint": [kind],
        "extra": {"noise": os.urandom(200).hex()},
    }
    report = {"discarded_events": [{"reason": "queue_overflow", "category": "error", "quantity": 1}]}
    items = [({"type": "event"}, orjson.dumps(event)), ({"type": "client_report"}, orjson.dumps(report))]
    return serialise_envelope({"event_id": event_id}, items)


def _start_web(monitor: Monitor, port: int) -> subprocess.Popen[bytes]:
    process = monitor.start("web", "--port", str(port))

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens, "the web process listens", alive=process)
    return process


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def kill_at_random(monitor: Monitor, rounds: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    web, worker = _start_web(monitor, port), monitor.start("worker")
    with Senders(port) as senders:
        for _ in range(rounds):
            enough = len(senders.accepted) + 20
            wait_until(
                lambda enough=enough: len(senders.accepted) >= enough, "events are accepted", alive=web
            )
            # Not to wait for anything: this is the random moment.
            time.sleep(random.random())
            what = random.choice(("web", "worker", "both"))
            if what != "web":
                _kill(worker)
                worker = monitor.start("worker")
            if what != "worker":
                _kill(web)
                web = _start_web(monitor, port)
    # uvicorn ends by the signal itself, when it has closed what was open.
    assert stop(web) in (0, -signal.SIGTERM)
    wait_until(monitor.is_digested, "all is digested", alive=worker)
    assert stop(worker) == 0
    _assert_exact(monitor, senders)


def _assert_exact(monitor: Monitor, senders: Senders) -> None:
    assert monitor.shelf.records() == []
    stored = {uid.hex() for (uid,) in monitor.rows("SELECT uid FROM issues_storedevent")}
    assert stored <= senders.sent
    missing = senders.accepted - stored
    assert not missing, f"{len(missing)} of {len(senders.accepted)} accepted events are not stored"
    ((counted,),) = monitor.rows("SELECT sum(times) FROM issues_issue")
    assert counted == len(stored)
    ((reported,),) = monitor.rows(
        "SELECT sum(quantity) FROM stats_outcomecount WHERE outcome = 'client_discard'"
    )
    assert reported == len(stored)
    ((by_hour,),) = monitor.rows("SELECT sum(times) FROM issues_issuehour")
    assert by_hour == len(stored)


@pytest.mark.timeout(600)
def test_ten_rounds(tmp_path: Path) -> None:
    with prepared(tmp_path, MONITOR_PAYLOADS_AN_HOUR="1000000000") as monitor:
        kill_at_random(monitor, 10)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_rounds(tmp_path: Path) -> None:
    with prepared(tmp_path, MONITOR_PAYLOADS_AN_HOUR="1000000000") as monitor:
        kill_at_random(monitor, 200)

"""Starts a real prefork worker for tests, and waits for what it reports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sentry_sdk.envelope import Envelope

ROOT = Path(__file__).resolve().parents[2]


class Reported:
    """What a worker, parent and children, has reported so far."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def items(self, kind: str) -> list[dict[str, Any]]:
        found = []
        for path in sorted(self.directory.glob("*.envelope")):
            for item in Envelope.deserialize(path.read_bytes()).items:
                if item.headers.get("type") == kind:
                    found.append(json.loads(item.payload.get_bytes()))
        return found

    def events(self, marker: str) -> list[dict[str, Any]]:
        return [event for event in self.items("event") if marker in json.dumps(event)]

    def check_ins(self, slug: str) -> list[str]:
        return [item["status"] for item in self.items("check_in") if item["monitor_slug"] == slug]


def wait_for(condition: Callable[[], Any], what: str, timeout_s: float = 120) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {timeout_s} s")


@contextmanager
def running_worker(directory: Path, queue: str, *arguments: str) -> Iterator[Reported]:
    """A worker with two children, ended with SIGTERM as a deploy ends it."""
    directory.mkdir(parents=True, exist_ok=True)
    log = (directory / "worker.log").open("w")
    environment = {
        **os.environ,
        "EVENTS_DIRECTORY": str(directory),
        "WORKER_QUEUE": queue,
        "DEBUG": "1",
        "PYTHONWARNINGS": "default",
    }
    process = subprocess.Popen(
        [
            sys.executable,
            *("-m", "celery", "-A", "tests.core.worker_app", "worker", "-l", "WARNING"),
            *("--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat"),
            *arguments,
        ],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield Reported(directory)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def new_queue() -> str:
    return f"test_core_{uuid4().hex[:8]}"

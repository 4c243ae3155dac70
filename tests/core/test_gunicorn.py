"""gunicorn itself, preloaded, with several workers: each error once, whichever process met it, and one sum of them all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.receiver import Receiver
from stack.ports import HOST, free_port
from tests.live.system import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
ROOT = Path(__file__).resolve().parents[2]
ERRORS, WORKERS, TOKEN = 30, 3, "of-the-test"


@pytest.fixture
def host() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def server(host: Receiver, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "tests.core.preload_site:application", "--preload", "--workers", str(WORKERS),
        "--bind", f"{HOST}:{port}", "--graceful-timeout", "20", "--no-control-socket",
    ]  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SENTRY_", "DJANGO_"))}
    env = kept | {"SENTRY_DSN": host.dsn, "TEST_SPOOL": str(tmp_path / "spool"), "METRICS_TOKEN": TOKEN}
    with (tmp_path / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        address = f"http://{HOST}:{port}"
        try:
            wait_for("gunicorn answers", lambda: httpx.get(f"{address}/livez", timeout=10).status_code == 200)
            yield address, process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=60)


def events(host: Receiver) -> list[dict[str, Any]]:
    return [
        json.loads(payload)
        for envelope in list(host.received)
        for headers, payload in envelope["items"]
        if headers["type"] == "event"
    ]


def message_of(event: dict[str, Any]) -> str:
    values = event.get("exception", {}).get("values")
    return str(
        values[-1]["value"]
        if values
        else event["logentry"]["message"]
        if "logentry" in event
        else event["message"]
    )


def samples(address: str) -> dict[tuple[str, ...], float]:
    answer = httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_preloaded_workers_report_each_error_once_and_are_counted_together(
    server: tuple[str, subprocess.Popen[bytes]], host: Receiver
) -> None:
    address, process = server

    def ask(number: int) -> int:
        return httpx.get(f"{address}/break/{number}/", timeout=60).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(ask, range(ERRORS))) == {500}
    # Any worker answers for all of them.
    for _ in range(2 * WORKERS):
        found = samples(address)
        assert found["app_requests_total", "5xx"] == ERRORS
        assert (
            sum(value for key, value in found.items() if key[:2] == ("app_events_total", "data_processing"))
            == ERRORS
        )
    assert httpx.get(f"{address}/metrics", timeout=30).status_code == 401

    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    assert host.wait_until(lambda: len(events(host)) >= ERRORS + 1)
    arrived = Counter(message_of(event) for event in events(host))
    assert arrived.pop("loaded before the fork") == 1
    assert set(arrived.values()) == {1}
    assert sorted(int(message.split()[1]) for message in arrived) == list(range(ERRORS))
    assert len({message.split()[3] for message in arrived}) > 1, "one worker met them all"
    assert set(host.stored.values()) == {1}

"""From `raise` to a message delivered: a real monitor (web and worker), sentry-sdk as its client, a webhook on this machine.

    script/bench alert_latency [--alerts 60] [--json FILE]

Each alert is another error with a rule of its own, of severity P0 (several of one rule would be told together). The
clock starts before `raise` and stops when the webhook's request has been read. The strategy allows two minutes; the goal
is a p95 of 2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import sentry_sdk

from bench.figures import Figure, show, under, write

ROOT = Path(__file__).resolve().parents[1]
KEY = "0123456789abcdef0123456789abcdef"
PATIENCE_S = 120.0
PAUSE_S = 0.7
GOAL_S = 2.0
_RULE = """
[[alerts]]
id = "bench-{number}"
title = "An error"
watches = "events"
tags = {{ bench = "{number}" }}
threshold = 1
window = "1m"
severity = "P0"
cooldown = "1h"
channels = ["bench"]
runbook = "docs/runbooks/uncategorised.md"
"""
_CHANNEL = """
[channels.bench]
kind = "webhook"
from_env = { url = "BENCH_WEBHOOK_URL", credential = "BENCH_WEBHOOK_SECRET" }
allow_private_addresses = true
"""


class Webhook:
    """Notes when each message came, by the issue's number in it."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                at = time.monotonic()
                for number in re.findall(r"number (\d+) of the bench", json.dumps(body)):
                    webhook.came.setdefault(number, at)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Not on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"


@contextmanager
def monitor(directory: Path, url: str, alerts: int) -> Iterator[int]:
    """Its port."""
    text = (ROOT / "strategy" / "strategy.toml").read_text()
    first = text.index("\n[[alerts]]")
    rules = "".join(_RULE.format(number=number) for number in range(alerts + 1))
    after = text.index("\n## Through what people are told")
    strategy = directory / "strategy.toml"
    strategy.write_text(text[:first] + rules + _CHANNEL + text[after:])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    env = {
        "PATH": os.environ["PATH"],
        "MONITOR_DATA_DIR": str(directory),
        "MONITOR_DSN_KEY": KEY,
        "MONITOR_DEBUG": "0",
        "MONITOR_SECRET_KEY": "for the bench " * 4,
        "MONITOR_SPOOL_MIN_FREE_MB": "1",
        "STRATEGY_FILE": str(strategy),
        "BENCH_WEBHOOK_URL": url,
        "BENCH_WEBHOOK_SECRET": "whsec_YSBzZWNyZXQgZm9yIHRoZSBiZW5jaCBvbmx5",
    }
    command = [sys.executable, "-m", "monitor"]
    subprocess.run([*command, "prepare"], cwd=ROOT, env=env, check=True, stderr=subprocess.DEVNULL)
    with (directory / "log").open("wb") as log:
        processes = [
            subprocess.Popen([*command, *more], cwd=ROOT, env=env, stdout=log, stderr=log)
            for more in (["web", "--port", str(port)], ["worker"])
        ]
        try:
            _wait_for(port)
            yield port
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise RuntimeError("The monitor did not start.")


def measure(alerts: int, webhook: Webhook, port: int) -> list[float]:
    """Seconds, in the order of the errors; raises RuntimeError for one that was told to nobody."""
    sentry_sdk.init(
        f"http://{KEY}@127.0.0.1:{port}/1",
        environment="production",
        default_integrations=False,
        before_send=_name_it,
    )
    began = {}
    _one("0")  # the first makes tables, files and threads warm; it is not counted
    _until(webhook, ["0"])
    for number in range(1, alerts + 1):
        began[str(number)] = time.monotonic()
        _one(str(number))
        time.sleep(PAUSE_S)
    _until(webhook, list(began))
    return [webhook.came[number] - at for number, at in began.items()]


def _one(number: str) -> None:
    try:
        raise RuntimeError(f"number {number} of the bench")
    except RuntimeError:
        sentry_sdk.capture_exception()


def _name_it(event: Any, hint: Any) -> Any:
    text = event["exception"]["values"][0]["value"]
    event["fingerprint"] = [text]
    event["tags"] = {"bench": text.split()[1]}
    return event


def _until(webhook: Webhook, wanted: list[str]) -> None:
    until = time.monotonic() + PATIENCE_S
    while missing := [one for one in wanted if one not in webhook.came]:
        if time.monotonic() > until:
            raise RuntimeError(
                f"{len(missing)} of {len(wanted)} alerts did not come, number {missing[0]} first."
            )
        time.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="alert-latency-"))
    webhook = Webhook()
    try:
        with monitor(directory, webhook.url, options.alerts) as port:
            taken = sorted(measure(options.alerts, webhook, port))
    finally:
        sentry_sdk.get_client().close(timeout=1)
        webhook.server.shutdown()
        shutil.rmtree(directory, ignore_errors=True)
    figures = [
        Figure("alerts delivered", len(taken), ""),
        Figure("from raise to delivery, p50", taken[len(taken) // 2], "s"),
        under("from raise to delivery, p95", taken[int(len(taken) * 0.95)], "s", GOAL_S),
        Figure("from raise to delivery, slowest", taken[-1], "s"),
    ]
    show(figures)
    if options.json:
        write(figures, options.json)


if __name__ == "__main__":
    main()

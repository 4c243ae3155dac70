"""The load for bench.monitor: gzip envelopes of a real Django error, and wrk to send them, each once.

The error is sentry-sdk's own report of one (tests/monitor/events), about 20 KB as JSON; 20 issues are made of it, and in
each copy the event id, addresses, ids and numbers differ. wrk reads the envelopes from a file, so that it costs next to
nothing beside what is measured.
"""

from __future__ import annotations

import gzip
import os
import re
import signal
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import orjson

from bench.grouping import payloads

CONNECTIONS = 32
_LUA = """
local file = io.open(os.getenv("BENCH_BODIES"), "rb")
local pause = tonumber(os.getenv("BENCH_PAUSE_MS"))
local path = os.getenv("BENCH_PATH")
local headers = {["Content-Encoding"] = "gzip", ["Content-Type"] = "application/x-sentry-envelope",
    ["X-Sentry-Auth"] = os.getenv("BENCH_AUTH"), ["User-Agent"] = "sentry.python.django/2.75.0"}
local waiting = {}
local hour = 3600000
-- Asked before each request: takes one from the file for it, or lets the connection rest when there is none.
function delay()
    local length = file and file:read("*n")
    if length then
        file:read(1)
        table.insert(waiting, 1, file:read(length))
        return pause
    end
    if file then
        file:close()
        file = nil
        io.open(os.getenv("BENCH_BODIES") .. ".sent", "w"):close()
    end
    return hour
end
function request()
    return wrk.format("POST", path, headers, table.remove(waiting))
end
done = function(summary, latency, requests)
    io.write(string.format("DONE %d %d %d %d\\n", summary.requests, summary.errors.status + summary.errors.read
        + summary.errors.write + summary.errors.timeout + summary.errors.connect,
        latency:percentile(50), latency:percentile(99)))
end
"""
_LAST_ANSWERS_S = 2.0


@dataclass(frozen=True)
class Sent:
    """As wrk saw it. Percentiles in milliseconds."""

    requests: int
    errors: int
    p50_ms: float
    p99_ms: float


def write_envelopes(file: Path, count: int, *, copies_of_one: bool = False) -> int:
    """Envelopes one after the other, each behind its length; gives their mean size as sent, in bytes."""
    # What varies in a payload is drawn again and again; what must be new, the id, is.
    pool = payloads(20 if copies_of_one else min(count, 2_000))
    if copies_of_one:
        pool = pool[:1]
    split = [re.split(rb'(?<="event_id": ")[0-9a-f]{32}', payload, maxsplit=1) for payload in pool]
    total = 0
    with file.open("wb") as stream:
        for number in range(count):
            before, after = split[number % len(split)]
            event_id = uuid.uuid4().hex
            body = gzip.compress(_envelope(event_id, before + event_id.encode() + after), 5)
            stream.write(b"%d\n" % len(body))
            stream.write(body)
            total += len(body)
    return total // count


def _envelope(event_id: str, payload: bytes) -> bytes:
    sent_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    head = orjson.dumps({"event_id": event_id, "sent_at": sent_at})
    return b"%s\n%s\n%s\n" % (head, orjson.dumps({"type": "event", "length": len(payload)}), payload)


class Load:
    """wrk, sending all envelopes of the file, at most `a_second` of them a second (0: as fast as it goes)."""

    def __init__(self, file: Path, port: int, *, project: str, key: str, a_second: float = 0) -> None:
        script, self._sent = file.with_suffix(".lua"), Path(f"{file}.sent")
        script.write_text(_LUA)
        self._sent.unlink(missing_ok=True)
        pause_ms = round(CONNECTIONS / a_second * 1000) if a_second else 0
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", "-d3600s", "--timeout", "30s", "-s", str(script)]
        self._process = subprocess.Popen(
            [*command, f"http://127.0.0.1:{port}/"],
            env={
                **os.environ,
                "BENCH_BODIES": str(file),
                "BENCH_PAUSE_MS": str(pause_ms),
                "BENCH_PATH": f"/api/{project}/envelope/",
                "BENCH_AUTH": f"Sentry sentry_version=7, sentry_client=bench/1, sentry_key={key}",
            },
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def all_sent(self) -> bool:
        return self._sent.exists()

    def finish(self) -> Sent:
        """Waits until all are sent and answered."""
        while not self.all_sent and self._process.poll() is None:
            time.sleep(0.05)
        time.sleep(_LAST_ANSWERS_S)
        self._process.send_signal(signal.SIGINT)
        said, _ = self._process.communicate()
        found = re.search(r"DONE (\d+) (\d+) (\d+) (\d+)", said)
        if found is None:
            raise RuntimeError(f"wrk said nothing that can be read: {said}")
        requests, errors, p50_us, p99_us = map(int, found.groups())
        return Sent(requests, errors, p50_us / 1000, p99_us / 1000)

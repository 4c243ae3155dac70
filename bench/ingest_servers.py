"""Which existing server is the best in front of the monitor's spool? The same minimal handler behind each of them.

    python -m venv /tmp/servers && /tmp/servers/bin/pip install gunicorn gevent granian uvicorn httptools uvloop \
        hypercorn waitress cheroot fastwsgi fastpysgi
    script/bench ingest_servers --python /tmp/servers/bin/python --rounds 3 --seconds 5

The handler reads a 20 KB gzip body, unpacks it and appends it to a file, as the receiving end does at the least. wrk
drives it over 32 keep-alive connections on loopback. Candidates take turns in each round, so that whatever else the
machine does falls on all of them; the figure to compare is the ratio to the first.
"""

import argparse
import gzip
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure, write

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 32
BODY_BYTES = 20_000
_LUA = """
wrk.method = "POST"
wrk.headers["Content-Encoding"] = "gzip"
wrk.headers["Content-Type"] = "application/x-sentry-envelope"
local file = io.open(os.getenv("BENCH_BODY"), "rb")
wrk.body = file:read("*a")
file:close()
done = function(summary, latency, requests)
    io.write(string.format("DONE %d %d %d %d %d\\n", summary.requests, summary.duration,
        summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout
        + summary.errors.connect, latency:percentile(50), latency:percentile(99)))
end
"""
_ANSWER = b'{"id":"0123456789abcdef0123456789abcdef"}'


# The handler, in each of the interfaces the servers offer.


def store(body: bytes) -> None:
    """Unpack as the receiver must, to look at it; append what came, in one write."""
    zlib.decompressobj(31).decompress(body, 1 << 20)
    os.write(_file(), body)


def _file() -> int:
    global _descriptor
    if _descriptor < 0:
        path = Path(os.environ["BENCH_STORE"], f"{os.getpid()}")
        _descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return _descriptor


_descriptor = -1


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    store(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(_ANSWER)))])
    return [_ANSWER]


async def asgi(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]
) -> None:
    if scope["type"] != "http":
        return
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message["body"])
        more = message.get("more_body", False)
    store(b"".join(parts))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER})


async def rsgi(scope: Any, protocol: Any) -> None:
    store(await protocol())
    protocol.response_bytes(200, [("content-type", "application/json")], _ANSWER)


@dataclass(frozen=True)
class Candidate:
    """One server with one way of working, one process of it."""

    name: str
    module: str
    command: str

    def argv(self, python: str, port: int) -> list[str]:
        return [python, *self.command.format(port=port, app="bench.ingest_servers").split()]


CANDIDATES = [
    Candidate(
        "gunicorn gthread", "gunicorn", "-m gunicorn {app}:wsgi -k gthread --threads 32 -b 127.0.0.1:{port}"
    ),
    Candidate("gunicorn sync", "gunicorn", "-m gunicorn {app}:wsgi -k sync -b 127.0.0.1:{port}"),
    Candidate("gunicorn gevent", "gevent", "-m gunicorn {app}:wsgi -k gevent -b 127.0.0.1:{port}"),
    Candidate("granian wsgi", "granian", "-m granian {app}:wsgi --interface wsgi --port {port} --no-ws"),
    Candidate("granian asgi", "granian", "-m granian {app}:asgi --interface asginl --port {port} --no-ws"),
    Candidate("granian rsgi", "granian", "-m granian {app}:rsgi --interface rsgi --port {port} --no-ws"),
    Candidate(
        "granian rsgi uvloop",
        "granian",
        "-m granian {app}:rsgi --interface rsgi --port {port} --no-ws --loop uvloop",
    ),
    Candidate(
        "uvicorn httptools uvloop",
        "uvicorn",
        "-m uvicorn {app}:asgi --http httptools --loop uvloop --lifespan off --no-access-log --port {port}",
    ),
    Candidate(
        "uvicorn httptools asyncio",
        "uvicorn",
        "-m uvicorn {app}:asgi --http httptools --loop asyncio --lifespan off --no-access-log --port {port}",
    ),
    Candidate("hypercorn uvloop", "hypercorn", "-m hypercorn {app}:asgi -k uvloop -b 127.0.0.1:{port}"),
    Candidate("waitress", "waitress", "-m waitress --threads 8 --listen 127.0.0.1:{port} {app}:wsgi"),
    Candidate("cheroot", "cheroot", "-m cheroot --bind 127.0.0.1:{port} --threads 32 {app}:wsgi"),
    Candidate("fastwsgi", "fastwsgi", "-m bench.ingest_servers --serve fastwsgi --port {port}"),
    Candidate("fastpysgi wsgi", "fastpysgi", "-m bench.ingest_servers --serve fastpysgi --port {port}"),
]


def serve(name: str, port: int) -> None:
    """For servers without a command line of their own."""
    server = __import__(name)
    server.run(wsgi, host="127.0.0.1", port=port, loglevel=0)


@dataclass(frozen=True)
class Run:
    """What one candidate did in one round."""

    name: str
    stored_per_s: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    pss_mb: float
    errors: int


def measure(candidate: Candidate, python: str, seconds: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as place:
        port = _free_port()
        environment = {**os.environ, "BENCH_STORE": place, "PYTHONPATH": str(ROOT)}
        with Path(place, "log").open("wb") as log:
            server = subprocess.Popen(
                candidate.argv(python, port),
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                _wait_for(port, server)
                drive(port, place, 1)
                before = cpu_s(server.pid)
                requests, took_s, errors, p50_ms, p99_ms = drive(port, place, seconds)
                used = cpu_s(server.pid) - before
                memory = pss_mb(server.pid)
            finally:
                stop(server)
        return Run(
            candidate.name, requests / took_s, 1000 * used / max(requests, 1), p50_ms, p99_ms, memory, errors
        )


def drive(
    port: int, place: str, seconds: int, path: str = "/api/1/envelope/", *, body: bytes | None = None
) -> tuple[int, float, int, float, float]:
    """Requests, seconds, errors, p50 and p99 in ms, as wrk saw them."""
    script, body_file = Path(place, "post.lua"), Path(place, "body")
    script.write_text(_LUA)
    body_file.write_bytes(make_body() if body is None else body)
    output = subprocess.run(
        [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{seconds}s",
            "-s",
            str(script),
            f"http://127.0.0.1:{port}{path}",
        ],
        env={**os.environ, "BENCH_BODY": str(body_file)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"DONE (\d+) (\d+) (\d+) (\d+) (\d+)", output)
    if found is None:
        raise RuntimeError(f"wrk said nothing that can be read: {output}")
    requests, took_us, errors, p50_us, p99_us = map(int, found.groups())
    return requests, took_us / 1e6, errors, p50_us / 1000, p99_us / 1000


def make_body() -> bytes:
    """20 KB of gzip that unpacks to about 60: words, as events are made of, and noise."""
    chooser = random.Random(7)
    words = [f"{chooser.getrandbits(30):x}" for _ in range(4000)]
    text = " ".join(chooser.choice(words) for _ in range(6200)).encode()
    return gzip.compress(text, 6)[:BODY_BYTES]


def cpu_s(pid: int) -> float:
    """Of the process and all its children, now."""
    tick = os.sysconf("SC_CLK_TCK")
    total = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / tick


def pss_mb(pid: int) -> float:
    total = 0
    for one in family(pid):
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{one}/smaps_rollup").read_text(), re.MULTILINE)
        total += int(found[1]) if found else 0
    return total / 1024


def family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found.extend(map(int, task.read_text().split()))
    return found


def stop(server: "subprocess.Popen[bytes]") -> None:
    members = family(server.pid)
    for member in reversed(members):
        try:
            os.kill(member, 9)
        except ProcessLookupError:
            continue
    server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(
                f"The server ended with {server.returncode} before it listened on port {port}."
            )
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"Nothing listens on port {port} after 20 s.")


def has(python: str, module: str) -> bool:
    code = f"import importlib.util as u, sys; sys.exit(u.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", code], check=False).returncode == 0


def medians(runs: list[Run]) -> dict[str, dict[str, Figure]]:
    """By candidate and column; errors are the sum of all rounds."""
    names = list(dict.fromkeys(run.name for run in runs))
    base = [run.stored_per_s for run in runs if run.name == names[0]]
    found = {}
    for name in names:
        own = [run for run in runs if run.name == name]
        columns = {
            "stored": ([run.stored_per_s for run in own], "1/s"),
            "to the first": ([run.stored_per_s / one for run, one in zip(own, base, strict=False)], "×"),
            "CPU/request": ([run.cpu_ms for run in own], "ms"),
            "p50": ([run.p50_ms for run in own], "ms"),
            "p99": ([run.p99_ms for run in own], "ms"),
            "PSS": ([run.pss_mb for run in own], "MB"),
        }
        found[name] = {
            column: Figure(f"{name}: {column}", statistics.median(values), unit)
            for column, (values, unit) in columns.items()
        }
        found[name]["errors"] = Figure(f"{name}: errors", sum(run.errors for run in own), "")
    return found


def table(found: dict[str, dict[str, Figure]]) -> str:
    """A candidate a row, to be compared with the others: a line for each figure would hide it."""
    columns = list(next(iter(found.values()), {}))
    lines = [f"| server | {' | '.join(columns)} |", "|" + " --- |" * (len(columns) + 1)]
    for name, figures in found.items():
        cells = (f"{round(each.value, 2):,} {each.unit}".strip() for each in figures.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has the servers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", action="append", help="names that contain this")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve")
    parser.add_argument("--port", type=int)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.port)
        return 0
    if shutil.which("wrk") is None:
        parser.error("wrk is not installed: apt-get install wrk.")
    wanted = [
        one for one in CANDIDATES if not arguments.only or any(part in one.name for part in arguments.only)
    ]
    present = [one for one in wanted if has(arguments.python, one.module)]
    runs: list[Run] = []
    for number in range(arguments.rounds):
        for candidate in present:
            try:
                runs.append(measure(candidate, arguments.python, arguments.seconds))
                print(number, json.dumps(asdict(runs[-1])), flush=True)
            except (RuntimeError, subprocess.CalledProcessError, OSError) as error:
                print(f"{candidate.name}: {error}", file=sys.stderr, flush=True)
    found = medians(runs)
    print(table(found))
    if arguments.json:
        write((each for figures in found.values() for each in figures.values()), arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())

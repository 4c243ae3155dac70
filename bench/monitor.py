"""What the monitor does with a real load, from the socket to the stored, scrubbed, grouped and counted event.

    script/bench monitor [--events 10000] [--full] [--only PART] [--rivals DIRECTORY] [--json FILE]

Starts the monitor as in production (no DEBUG, scrubbing on), sends gzip envelopes of a real Django error over 32
keep-alive connections (bench/monitor_load.py), and waits until the last one is in its tables: `stored a second` is up to
then, each event with its payload, for sampling is off but for the flood. CPU is that of all of its processes, memory
their PSS at the peak, disk what its directory has grown by when the spool is empty.

`--full` adds a flood of 200,000 copies of one error and a store of 1,000,000 events beside an empty one (ten minutes);
`--only flood`, `--only grown` and `--only load` are one of the three. `--rivals` names a directory for the environments of
Bugsink and foxray, made there with pip where they are missing.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.figures import Figure, at_least, at_most, exactly, show, write
from bench.ingest_servers import cpu_s, pss_mb
from bench.monitor_load import Load, Sent, write_envelopes
from bench.monitor_rivals import Rival, bugsink, foxray
from stack.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
KEY = "0123456789abcdef0123456789abcdef"
SETTLING_S, IDLE_S = 15, 20
ROUNDS = 5
UNITS = {
    "stored a second": "events/s", "CPU an event": "ms", "disk an event": "KB", "p99 accept at full load": "ms",
    "p99 accept at half load": "ms", "memory": "MB", "answered with an error": "requests", "idle": "% of a core",
    "flood: counted exactly": "1 is yes", "flood: disk": "MB", "flood: other events stored within": "s",
    "at 1,000,000 events: stored a second": "% of empty", "at 1,000,000 events: CPU an event": "% of empty",
}  # fmt: skip
GOALS: dict[str, tuple[Callable[[str, float, str, float], Figure], float]] = {
    "stored a second": (at_least, 1000),
    "CPU an event": (at_most, 1.5),
    "disk an event": (at_most, 2),
    "p99 accept at half load": (at_most, 20),
    "memory": (at_most, 150),
    "idle": (at_most, 1),
    "flood: counted exactly": (exactly, 1),
    "flood: disk": (at_most, 20),
    "flood: other events stored within": (at_most, 5),
    "at 1,000,000 events: stored a second": (at_least, 90),
}


class Monitor:
    """The monitor's two processes on a directory of their own."""

    project, key = "1", KEY

    def __init__(self, directory: Path, *, samples: bool = False) -> None:
        self.directory = directory
        self._samples = samples
        self.port = free_port()
        self.env = {
            **os.environ,
            "MONITOR_DEBUG": "0",
            "MONITOR_SECRET_KEY": secrets.token_urlsafe(50),
            "MONITOR_DATA_DIR": str(directory),
            "MONITOR_DSN_KEY": KEY,
            # 20 issues with thousands of events are a flood: by default their payloads would be sampled.
            "MONITOR_PAYLOADS_AN_HOUR": "100" if samples else "1000000000",
            "LOG_LEVEL": "WARNING",
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        subprocess.run(
            [sys.executable, "-m", "monitor", "prepare"],
            env=self.env,
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        for command in (["web", "--port", str(self.port)], ["worker"]):
            self.processes.append(
                subprocess.Popen([sys.executable, "-m", "monitor", *command], env=self.env, cwd=ROOT)
            )
        _wait(lambda: httpx.get(f"http://127.0.0.1:{self.port}/api/relay/healthcheck/ready/").is_success)

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)

    def stored(self) -> int:
        """With their payloads; where those are sampled, as the issues count them."""
        if self._samples:
            return int(self._ask("SELECT coalesce(sum(times), 0) FROM issues_issue"))
        return int(self._ask("SELECT count(*) FROM issues_storedevent"))

    def latest_of(self, kind: str) -> int:
        return int(self._ask("SELECT coalesce(sum(times), 0) FROM issues_issue WHERE type = ?", kind))

    def _ask(self, statement: str, *values: Any) -> Any:
        with closing(sqlite3.connect(self.directory / "monitor.sqlite3", timeout=60)) as database:
            return database.execute(statement, values).fetchone()[0]

    def bytes(self) -> int:
        """Without the log of changes: what it holds is in the file as soon as somebody needs the room."""
        return sum(
            path.stat().st_blocks * 512
            for path in self.directory.rglob("*")
            if path.is_file() and not path.name.endswith(("-wal", "-shm"))
        )

    def settle(self) -> None:
        with closing(sqlite3.connect(self.directory / "monitor.sqlite3", timeout=60)) as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")


class Peak:
    """Looks at the memory of processes four times a second."""

    def __init__(self, pids: list[int]) -> None:
        self.megabytes = 0.0
        self._pids = pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.25):
            try:
                self.megabytes = max(self.megabytes, sum(map(pss_mb, self._pids)))
            except (FileNotFoundError, ProcessLookupError):
                continue


def measure(system: Monitor | Rival, events: int, place: Path) -> dict[str, float]:
    """One run of each: as fast as it goes, then at half of the speed that it stored at."""
    bodies = place / "bodies"
    write_envelopes(bodies, events)
    pids = [process.pid for process in system.processes]
    system.settle()
    before, disk, spent = system.stored(), system.bytes(), sum(map(cpu_s, pids))
    with Peak(pids) as peak:
        sent, stored_s = send(system, bodies, events)
    time.sleep(1.0)
    spent = sum(map(cpu_s, pids)) - spent
    stored = system.stored() - before
    system.settle()
    grown = system.bytes() - disk
    a_second = stored / stored_s
    half, count = place / "half", max(50, min(int(a_second / 2 * 10), 6_000))
    write_envelopes(half, count)
    at_half, _ = send(system, half, count, a_second=a_second / 2)
    return {
        "stored a second": a_second,
        "CPU an event": spent / stored * 1000,
        "disk an event": grown / stored / 1000,
        "p99 accept at full load": sent.p99_ms,
        "p99 accept at half load": at_half.p99_ms,
        "memory": peak.megabytes,
        "answered with an error": sent.errors + at_half.errors,
    }


def send(system: Monitor | Rival, bodies: Path, count: int, *, a_second: float = 0) -> tuple[Sent, float]:
    """What wrk saw, and the seconds from the first byte until the last event was seen to be stored.

    Raises RuntimeError when what was answered well is not stored, and nothing more is for half a minute.
    """
    begun = before = system.stored()
    started = changed = time.perf_counter()
    load = Load(bodies, system.port, project=system.project, key=system.key, a_second=a_second)
    while before < begun + count:
        time.sleep(0.05)
        if (now := system.stored()) != before:
            before, changed = now, time.perf_counter()
        elif load.all_sent and time.perf_counter() - changed > 30:
            break
    sent = load.finish()
    if before < begun + sent.requests - sent.errors:
        raise RuntimeError(f"{begun + sent.requests - sent.errors - before} events are not stored.")
    return sent, changed - started


def idle(system: Monitor) -> float:
    """Percent of one core while nothing comes, and what follows from a load (alerts, their messages) is done."""
    time.sleep(SETTLING_S)
    pids = [process.pid for process in system.processes]
    before = sum(map(cpu_s, pids))
    time.sleep(IDLE_S)
    return (sum(map(cpu_s, pids)) - before) / IDLE_S * 100


def flood(system: Monitor, copies: int, place: Path) -> dict[str, float]:
    """Copies of one error, and every two seconds another one: how long until that is stored, at the worst."""
    bodies = place / "flood"
    write_envelopes(bodies, copies, copies_of_one=True)
    system.settle()
    before, disk = system.stored(), system.bytes()
    waits: list[float] = []
    over = threading.Event()
    sent_others = 0

    def others() -> None:
        nonlocal sent_others
        while not over.wait(2.0):
            sent_others += 1
            started = time.perf_counter()
            _send_other(system, "OtherError")
            while system.latest_of("OtherError") < sent_others:
                time.sleep(0.05)
            waits.append(time.perf_counter() - started)

    thread = threading.Thread(target=others)
    thread.start()
    load = Load(bodies, system.port, project=system.project, key=system.key)
    try:
        sent = load.finish()
    finally:
        over.set()
        thread.join()
    wanted = before + sent.requests - sent.errors + sent_others
    deadline = time.monotonic() + 600
    while system.stored() < wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1.0)
    system.settle()
    exact = system.stored() == wanted
    return {
        "flood: counted exactly": float(exact),
        "flood: disk": (system.bytes() - disk) / 1e6,
        "flood: other events stored within": max(waits, default=0.0),
    }


def _send_other(system: Monitor, kind: str) -> None:
    event = {"event_id": secrets.token_hex(16), "exception": {"values": [{"type": kind, "value": "another"}]}}
    headers = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={system.key}"}
    address = f"http://127.0.0.1:{system.port}/api/{system.project}/store/"
    httpx.post(address, json=event, headers=headers, timeout=30).raise_for_status()


def _wait(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        try:
            if holds():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("It did not start within a minute.")


@contextmanager
def running(system: Any) -> Iterator[Any]:
    system.start()
    try:
        yield system
    finally:
        system.stop()


def with_goals(measured: dict[str, float]) -> list[Figure]:
    """Of this monitor."""
    found = []
    for name, value in measured.items():
        held_to = GOALS.get(name)
        if held_to is None:
            found.append(Figure(f"here: {name}", value, UNITS[name]))
        else:
            promise, goal = held_to
            found.append(promise(f"here: {name}", value, UNITS[name], goal))
    return found


def run(options: argparse.Namespace, place: Path) -> list[Figure]:
    parts = [options.only] if options.only else ["load", *(["flood", "grown"] if options.full else [])]
    figures: list[Figure] = []
    if "load" in parts:
        with running(Monitor(place / "empty")) as monitor:
            warm_up(monitor, place)
            figures += with_goals(measure(monitor, options.events, place) | {"idle": idle(monitor)})
    if options.rivals:
        for rival in (bugsink(options.rivals, place), foxray(options.rivals, place)):
            with running(rival):
                theirs = measure(rival, min(options.events, 1_000), place)
            figures += [Figure(f"{rival.name}: {name}", value, UNITS[name]) for name, value in theirs.items()]
    if "flood" in parts:
        with running(Monitor(place / "flooded", samples=True)) as monitor:
            figures += with_goals(flood(monitor, 200_000, place))
    if "grown" in parts:
        figures += with_goals(grown(options.events, place))
    return figures


def warm_up(monitor: Monitor, place: Path) -> None:
    """What a process does once, imports and caches, is not what an event costs."""
    bodies = place / "warm"
    write_envelopes(bodies, 200)
    send(monitor, bodies, 200)


def grown(events: int, place: Path) -> dict[str, float]:
    """An empty store and one of 1,000,000 events in turn, since the machine's speed changes within minutes."""
    directory = place / "grown"
    subprocess.run([sys.executable, "-m", "bench.monitor_seed", str(directory)], cwd=ROOT, check=True)
    shares: list[dict[str, float]] = []
    with running(Monitor(place / "beside")) as empty, running(Monitor(directory)) as full:
        if (number := full.stored()) < 1_000_000:
            raise RuntimeError(f"The seeded store has {number} events.")
        for monitor in (empty, full):
            warm_up(monitor, place)
        for _ in range(ROUNDS):
            beside, found = (burst(monitor, events // 2, place) for monitor in (empty, full))
            shares.append({name: found[name] / beside[name] * 100 for name in found})
    return {
        f"at 1,000,000 events: {name}": statistics.median(one[name] for one in shares) for name in shares[0]
    }


def burst(monitor: Monitor, events: int, place: Path) -> dict[str, float]:
    """As fast as it goes."""
    bodies = place / "burst"
    write_envelopes(bodies, events)
    pids = [process.pid for process in monitor.processes]
    spent = sum(map(cpu_s, pids))
    sent, stored_s = send(monitor, bodies, events)
    stored = sent.requests - sent.errors
    return {
        "stored a second": stored / stored_s,
        "CPU an event": (sum(map(cpu_s, pids)) - spent) / stored * 1000,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", choices=("load", "flood", "grown"))
    parser.add_argument("--rivals", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is needed to make the load: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="bench-monitor-") as place:
        figures = run(options, Path(place))
    show(figures)
    if options.json:
        write(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What one request, task, event and alert costs: processor time by process, bytes on the wire and on disk.

    script/bench scale [--requests 200] [--json FILE]

A whole system of its own without DEBUG (web, worker, beat, PostgreSQL, Valkey, monitor), asked one thing at a time;
what each of its processes has used meanwhile, divided by how often. Processor time hardly depends on what else the
machine does, unlike time by the clock. docs/scaling.md plans from these figures.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from bench.figures import Figure, show, write
from bench.load import BREAK, PASSWORD, USER, said
from bench.visitors import Ask, logged_in, visit
from stack.application import application, environment, prepare, wait_until_ready
from stack.folder import ROOT, Folder, throwaway
from stack.ports import free_port
from stack.services import backing_services

# The first that fits a process's command line is what it is.
KINDS = {
    "monitor-worker": ("monitor", "worker"),
    "monitor-web": ("monitor", "web"),
    "web": ("gunicorn",),
    "worker": ("celery", "worker"),
    "beat": ("celery", "beat"),
    "postgres": ("postgres",),
    "redis": ("valkey-server",),
    "redis ": ("redis-server",),
}
SETTLED_S = 4.0
ALERTS = """
import time
from django.db import transaction
from monitor.alerts import episodes
from monitor.alerts.engine import Evidence, Transition
from monitor.site.strategy_file import current_strategy
strategy = current_strategy()
rule = episodes.rule_called(strategy, "data-loss")
started = time.process_time()
for number in range({times}):
    for kind in ("fired", "resolved"):
        now = time.time()
        with transaction.atomic():
            told = Transition(rule, "bench %d" % number, kind, now // 1, 1.0, "production", 1, Evidence())
            episodes.keep(strategy, told, now)
print("ALERT", (time.process_time() - started) / {times} * 1000)
"""
PATIENCE_S = 180.0


class Meter:
    """Processor seconds of the system's processes, ended children included."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def read(self) -> dict[str, float]:
        used = dict.fromkeys((kind.strip() for kind in KINDS), 0.0)
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                kind = self._kind(process)
                if kind is not None:
                    times = process.cpu_times()
                    used[kind] += times.user + times.system + times.children_user + times.children_system
        return used

    def _kind(self, process: psutil.Process) -> str | None:
        """None for what is not of this system: others of the same name may run beside it."""
        words = " ".join(process.cmdline())
        if not (
            self._folder in words or any(self._folder in " ".join(p.cmdline()) for p in process.parents())
        ):
            return None
        return next(
            (kind.strip() for kind, parts in KINDS.items() if all(part in words for part in parts)), None
        )


def idle(meter: Meter, seconds: float) -> dict[str, float]:
    """Processor seconds a second while nobody asks: what goes by the clock, to be taken off."""
    before = meter.read()
    time.sleep(seconds)
    return {kind: (used - before[kind]) / seconds for kind, used in meter.read().items()}


def cost(meter: Meter, at_rest: dict[str, float], times: int, act: Callable[[], None]) -> dict[str, float]:
    """Milliseconds of processor time of each process for one of so many, when everything has settled."""
    before, started = meter.read(), time.monotonic()
    act()
    time.sleep(SETTLED_S)
    took, after = time.monotonic() - started, meter.read()
    return {
        kind: round(max(0.0, after[kind] - before[kind] - at_rest[kind] * took) / times * 1000, 2)
        for kind in after
    }


def folder_size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


class System:
    """The running system, and what can be asked of it."""

    def __init__(self, address: str, monitor_address: str, env: dict[str, str], folder: Path) -> None:
        self.address, self.monitor_address, self.env, self.folder = address, monitor_address, env, folder

    def manage(self, code: str, module: tuple[str, ...] = ("manage.py",)) -> str:
        done = subprocess.run(
            [sys.executable, *module, "shell", "-c", code], cwd=ROOT, env=self.env, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        return done.stdout

    def ask(self, path: str, times: int, status: int = 200) -> None:
        seen = visit(
            self.address,
            [Ask("page", path, 1, status)],
            a_second=20,
            seconds=times / 20,
            cookies=self.cookies,
            connections=4,
        )
        if seen.wrong:
            raise RuntimeError(f"{path}: {dict(seen.wrong)}")

    @property
    def cookies(self) -> dict[str, str]:
        if not hasattr(self, "_cookies"):
            self._cookies = logged_in(self.address, user=USER, password=PASSWORD)
        return self._cookies

    def send_tasks(self, times: int) -> None:
        """The smallest ones: what Celery, the task base and its connection to the database cost."""
        self.manage(
            "from jobs.tasks import measure_system as task; "
            f"print([task.delay() and None for _ in range({times})].count(None))"
        )

    def alert_ms(self, times: int) -> float:
        """An episode of its own each, begun and ended: rows, incident, messages, in the transactions of the worker."""
        return float(said(self.manage(ALERTS.format(times=times), ("-m", "monitor")), "ALERT"))

    def stored(self) -> int:
        count = "from monitor.issues.models import Issue; print('STORED', sum(i.times for i in Issue.objects.all()))"
        return int(said(self.manage(count, ("-m", "monitor")), "STORED"))


@contextlib.contextmanager
def system() -> Iterator[System]:
    with throwaway("scale") as folder, contextlib.ExitStack() as stack:
        services = stack.enter_context(backing_services(folder, throwaway=True))
        given = {
            **os.environ,
            "DEBUG": "0",
            "SENTRY_ENVIRONMENT": "production",
            "LOG_LEVEL": "WARNING",
            "MONITOR_ADMIN_EMAIL": "bench@hydroml.example",
            "MONITOR_ADMIN_PASSWORD": "a-password-of-the-bench",
            # Each payload is kept, so that bytes on disk are those of an event.
            "MONITOR_PAYLOADS_AN_HOUR": "1000000",
        }
        env = environment(Folder(folder.path), services, given, free_port(), free_port())
        for module in (["manage.py"], ["-m", "monitor"]):
            subprocess.run(
                [sys.executable, *module, "collectstatic", "--no-input", "--verbosity", "0"],
                cwd=ROOT,
                env=env,
                check=True,
            )
        prepare(env)
        running = stack.enter_context(application(folder, env, show_output=False))
        wait_until_ready(running, env, lambda name: None)
        yield System(running.address, running.monitor_address, env, folder.path)


def measure(of: System, requests: int) -> list[Figure]:
    meter = Meter(of.folder)
    broken = said(of.manage(BREAK), "BROKEN")
    for path in ("/livez", "/", "/projects/"):
        of.ask(path, 20)  # what is made once is made
    at_rest = idle(meter, 10)
    costs: dict[str, dict[str, float]] = {}
    for name, path in {
        "probe": "/livez",
        "home": "/",
        "list": "/projects/",
        "experiments": "/experiments/",
    }.items():
        costs[name] = cost(meter, at_rest, requests, lambda path=path: of.ask(path, requests))  # type: ignore[misc]
        print(f"{name:>12}: {costs[name]}", flush=True)
    monitor_data = of.folder / "monitor"
    before, stored_before = folder_size(monitor_data), of.stored()
    costs["error"] = cost(meter, at_rest, requests, lambda: fail(of, broken, requests))
    print(f"{'error':>12}: {costs['error']}", flush=True)
    stored = of.stored() - stored_before
    written = folder_size(monitor_data) - before
    costs["task"] = cost(meter, at_rest, requests, lambda: of.send_tasks(requests))
    print(f"{'task':>12}: {costs['task']}", flush=True)
    return [
        *(
            Figure(f"{name}: CPU of {kind}", used, "ms")
            for name, kinds in costs.items()
            for kind, used in kinds.items()
        ),
        Figure("alert: CPU of monitor-worker", of.alert_ms(requests), "ms"),
        Figure("errors caused", requests, ""),
        Figure("errors stored", stored, ""),
        Figure("disk an event", written // max(1, stored), "bytes"),
        *(Figure(f"at rest: CPU of {kind}", share * 100, "% of a core") for kind, share in at_rest.items()),
        *(Figure(f"memory of {kind}", size, "MB") for kind, size in memory(meter).items()),
    ]


def fail(of: System, path: str, times: int) -> None:
    """So many errors, and until the monitor has stored them: their cost there is part of it."""
    wanted = of.stored() + times
    of.ask(path, times, status=500)
    deadline = time.monotonic() + PATIENCE_S
    while of.stored() < wanted and time.monotonic() < deadline:
        time.sleep(2)


def memory(meter: Meter) -> dict[str, int]:
    """Proportional set size, which counts shared pages once, by kind."""
    used: dict[str, float] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if (kind := meter._kind(process)) is not None:
                used[kind] = used.get(kind, 0) + process.memory_full_info().pss / 1e6
    return {kind: round(size) for kind, size in used.items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/bench scale", description=__doc__)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with system() as running:
        figures = measure(running, options.requests)
    show(figures)
    if options.json:
        write(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())

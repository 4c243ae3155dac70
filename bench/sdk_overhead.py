"""What the strategy costs: our set-up against plain `sentry_sdk.init()` with the same integrations, in one run.

    script/bench sdk_overhead [--rounds 5] [--json FILE]

Both clients live in one process and take turns, so that a busy machine hits both; ratios are medians over the turns.
Each has its real transport, to a host in another process that takes everything. What a request costs is told three
times: CPU of its own thread, time by the clock, and CPU of all threads until everything is delivered, so that no work
is hidden in the background.
"""

from __future__ import annotations

import argparse
import gc
import io
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import sentry_sdk  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from sentry_sdk.integrations.celery import CeleryIntegration  # noqa: E402
from sentry_sdk.integrations.django import DjangoIntegration  # noqa: E402
from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: E402
from sentry_sdk.integrations.redis import RedisIntegration  # noqa: E402

from bench import overhead_host as host  # noqa: E402
from bench import overhead_site as site  # noqa: E402
from bench.figures import Figure, at_most, show, write  # noqa: E402
from core.sentry import filters  # noqa: E402
from core.sentry import setup as ours_setup  # noqa: E402
from core.sentry.sampling import FloodGate  # noqa: E402

ROUTES = {"trivial": 60, "queries": 20}
"""Requests in a turn: fewer than the hundred that the SDK's queue holds, so that it drops none."""
COSTS = {"thread": "CPU of its thread", "clock": "by the clock", "process": "CPU of all threads"}


Turn = TypeVar("Turn")


@dataclass(frozen=True)
class Variant:
    """One set-up: its client, and whether our processor is on the global scope."""

    name: str
    client: Any
    processors: tuple[Any, ...]
    gate: FloodGate | None = None

    @contextmanager
    def active(self) -> Iterator[None]:
        scope = sentry_sdk.get_global_scope()
        scope.set_client(self.client)
        scope._event_processors[:] = self.processors
        yield


def integrations() -> list[Any]:
    return [
        DjangoIntegration(signals_spans=False),
        LoggingIntegration(),
        CeleryIntegration(),
        RedisIntegration(),
    ]


def make_plain(dsn: str, rate: float) -> Variant:
    sentry_sdk.init(dsn=dsn, release="bench@1", integrations=integrations(), traces_sample_rate=rate)
    return Variant("plain", sentry_sdk.get_client(), ())


def make_ours(dsn: str, rate: float, spool: Path) -> Variant:
    variables = {
        "SENTRY_DSN": dsn,
        "SENTRY_ENVIRONMENT": "development",
        "SENTRY_RELEASE": "bench@1",
        "SENTRY_TRACES_SAMPLE_RATE": str(rate),
    }
    ours_setup.setup_sentry(
        service="bench",
        component="web",
        base_dir=ROOT,
        variables=variables,
        transport=ours_setup._spool(spool, ROOT, None),
        integrations=integrations(),
    )
    scope = sentry_sdk.get_global_scope()
    return Variant("ours", sentry_sdk.get_client(), tuple(scope._event_processors))


class Caller:
    """Calls Django's real WSGI handler, with a cookie and a form of its own each time."""

    def __init__(self) -> None:
        self._handler = WSGIHandler()
        self._count = 0

    def call(self, route: str) -> None:
        self._count += 1
        body = f"name=Narraguagus&password=hunter{self._count}secret&rows=12".encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/{route}/",
            "QUERY_STRING": "page=2",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "HTTP_USER_AGENT": "bench/1.0",
            "HTTP_ACCEPT": "text/html",
            "HTTP_COOKIE": f"sessionid={random.getrandbits(160):032x}; csrftoken={random.getrandbits(120):030x}",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        response = self._handler(environ, lambda status, headers, exc_info=None: None)
        for _ in response:
            pass
        response.close()


def cost_of(call: Callable[[], None], times: int) -> dict[str, float]:
    """Mean seconds of a call. Means, because at 10 % the median request is an untraced one and would hide the traced."""
    clock, thread = [], []
    process_before = time.process_time()
    for _ in range(times):
        clock_before, thread_before = time.perf_counter(), time.thread_time()
        call()
        thread.append(time.thread_time() - thread_before)
        clock.append(time.perf_counter() - clock_before)
    sentry_sdk.flush(timeout=10)
    process = time.process_time() - process_before
    return {"thread": _trimmed_mean(thread), "clock": _trimmed_mean(clock), "process": process / times}


def interleaved(
    variants: list[Variant], measure: Callable[[], list[Turn]], rounds: int
) -> dict[str, list[Turn]]:
    found: dict[str, list[Turn]] = {variant.name: [] for variant in variants}
    for _ in range(rounds):
        for variant in random.sample(variants, len(variants)):
            with variant.active():
                measure()[:0]  # warm the caches of this turn
                gc.collect()
                gc.disable()
                found[variant.name] += measure()
                gc.enable()
    return found


def measure_requests(caller: Caller, dsn: str, spool: Path, rounds: int, figures: list[Figure]) -> None:
    for rate in (0.0, 0.1, 1.0):
        variants = [make_plain(dsn, rate), make_ours(dsn, rate, spool)]
        for route, times in ROUTES.items():
            random.seed(7)
            found = interleaved(
                variants, lambda r=route, n=times: [cost_of(lambda: caller.call(r), n)], 8 * rounds
            )
            for cost, meaning in COSTS.items():
                plain, ours = ([turn[cost] for turn in found[name]] for name in ("plain", "ours"))
                ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, plain, strict=True))
                p, o = statistics.median(plain) * 1e6, statistics.median(ours) * 1e6
                print(
                    f"{route:8} traces {rate:4.0%} {meaning:18}: plain {p:6.0f} µs, ours {o:6.0f} µs, × {ratio:.2f}"
                )
                name = f"request ({route}, traces {rate:.0%}), {meaning}, ours / plain"
                figures.append(at_most(name, ratio, "×", 1.1))
        for variant in variants:
            variant.client.close(timeout=5)


def measure_capture(caller: Caller, dsn: str, spool: Path, rounds: int, figures: list[Figure]) -> None:
    variants = [make_plain(dsn, 0.0), make_ours(dsn, 0.0, spool)]
    filters.get_filters()._gate = FloodGate(burst=10**9)

    def measure() -> list[float]:
        site.timings.clear()
        for _ in range(40):
            caller.call("fails")
        return list(site.timings)

    found = interleaved(variants, measure, rounds)
    for name in ("plain", "ours"):
        spent = sorted(found[name])
        p50, p95, p99 = (spent[int(len(spent) * share)] * 1e3 for share in (0.5, 0.95, 0.99))
        print(
            f"capture_exception {name:5}: median {p50:.2f} ms, p95 {p95:.2f}, p99 {p99:.2f} (n = {len(spent)})"
        )
        figures.append(Figure(f"capture_exception of 30 frames, {name}, median", p50, "ms"))
        figures.append(Figure(f"capture_exception of 30 frames, {name}, p99", p99, "ms"))
    ratio = statistics.median(found["ours"]) / statistics.median(found["plain"])
    figures.append(at_most("capture_exception of 30 frames, ours / plain", ratio, "×", 0.35))


def measure_flood(caller: Caller, dsn: str, spool: Path, rounds: int, figures: list[Figure]) -> None:
    variant = make_ours(dsn, 0.0, spool)
    each: dict[int, list[float]] = {10: [], 1000: []}
    with variant.active():
        for _ in range(rounds):
            for count in each:
                filters.get_filters()._gate = FloodGate()
                started = time.thread_time()
                for _ in range(count):
                    caller.call("flood")
                each[count].append((time.thread_time() - started) / count)
    ten, thousand = (statistics.median(each[count]) for count in (10, 1000))
    print(f"one error, unhandled: of ten {ten * 1e3:.2f} ms each, of a thousand {thousand * 1e3:.2f} ms each")
    figures.append(at_most("one error a thousand times in a second, each / of ten", thousand / ten, "×", 1.0))


def _trimmed_mean(spent: list[float]) -> float:
    """Without the slowest hundredth, which is the machine's."""
    return statistics.fmean(sorted(spent)[: max(1, int(len(spent) * 0.99))])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("requests", "capture", "flood"))
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    site.configure()
    call_command("migrate", verbosity=0)
    figures: list[Figure] = []
    spool = Path(tempfile.mkdtemp(prefix="bench-spool-"))
    measures = {"requests": measure_requests, "capture": measure_capture, "flood": measure_flood}
    try:
        with host.running() as dsn:
            for name, measure in measures.items():
                if arguments.only in (None, name):
                    measure(Caller(), dsn, spool, arguments.rounds, figures)
    finally:
        sentry_sdk.get_client().close(timeout=0)
        shutil.rmtree(spool, ignore_errors=True)
    show(figures)
    if arguments.json:
        write(figures, arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Is anything lost? A thousand errors while Sentry's host fails, with kill -9 of the application in the middle.

    script/bench spool                    # 60 s of each kind of outage, all at once
    script/bench spool --seconds 5 --count 200 --json spool.json

For each kind: the application raises errors through the outage; in the middle it is killed with -9 and started
again; it ends by itself while the host is still failing; then the host is well, and the application's next start
raises one more. The plain SDK goes through the same beside it. Then: what a caller pays per envelope.
"""

import argparse
import itertools
import json
import logging
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.utils import json_dumps

from bench.figures import Figure, at_most, exactly, missed, show, write
from bench.receiver import Receiver
from core.sentry.spool import make_spool_transport, spool_status

ROOT = Path(__file__).resolve().parent.parent
OUTAGES = ("away", "hanging", "slow", "500", "429")
PATIENCE_S = 60.0
ROUNDS = 4


@dataclass(frozen=True)
class Outcome:
    """Of one kind of outage for one transport."""

    outage: str
    transport: str
    returned: int
    missing: int
    received_again: int
    caught_up_s: float
    left_in_spool: int


def run_outages(arguments: argparse.Namespace) -> list[Outcome]:
    """All kinds at once, ours and the plain SDK's."""
    runs = [(outage, transport) for outage in arguments.outage or OUTAGES for transport in ("spool", "plain")]
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(len(runs)) as pool:
        futures = []
        for outage, transport in runs:
            place = Path(directory, f"{outage}-{transport}")
            place.mkdir()
            futures.append(
                pool.submit(
                    run_outage,
                    outage,
                    transport,
                    count=arguments.count,
                    seconds=arguments.seconds,
                    directory=place,
                )
            )
        return [future.result() for future in futures]


def run_outage(outage: str, transport: str, *, count: int, seconds: float, directory: Path) -> Outcome:
    ids = directory / "ids"
    spool = directory / "spool" if transport == "spool" else None
    ids.touch()
    with Receiver(outage) as host:
        first = start(host, spool, ids, count=count, over=seconds * 0.8)
        wait_for_lines(ids, 1)
        started = time.monotonic()
        wait_for_lines(ids, count // 2)
        first.kill()
        first.communicate()
        rest = count - len(ids.read_text().split())
        remaining_s = max(0.0, seconds * 0.8 - (time.monotonic() - started))
        start(host, spool, ids, count=rest, over=remaining_s).communicate()
        # Not before the application has ended: it must not be able to hand over what it has.
        time.sleep(max(0.0, started + seconds - time.monotonic()))
        host.mode = "ok"
        healthy_at = time.monotonic()
        third = start(host, spool, ids, count=1, stay=True)
        assert third.stdout is not None
        third.stdout.readline()
        returned = set(ids.read_text().split())
        # The plain SDK has nothing left to send once its process is gone: it need not be waited for long.
        missing = host.wait_for(returned, PATIENCE_S if spool else 5.0)
        caught_up_s = time.monotonic() - healthy_at
        third.communicate()
        again = sum(host.stored.values()) - len(host.stored)
    left = sum(spool_status(spool).queued.values()) if spool else 0
    return Outcome(outage, transport, len(returned), len(missing), again, caught_up_s, left)


def start(
    host: Receiver,
    spool: Path | None,
    ids: Path,
    *,
    count: int,
    over: float = 0.0,
    stay: bool = False,
    transactions: int = 0,
    forks: int = 0,
) -> subprocess.Popen[str]:
    """The application, as a process of its own."""
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "bench.spool_application",
        "--dsn",
        host.dsn,
        "--ids",
        str(ids),
    ]
    command += ["--count", str(count), "--over", str(over), "--forks", str(forks)]
    command += ["--transactions", str(transactions)]
    command += ["--spool", str(spool)] if spool else []
    command += ["--stay"] if stay else []
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def wait_for_lines(path: Path, lines: int) -> None:
    deadline = time.monotonic() + lines + PATIENCE_S
    while len(path.read_text().split()) < lines:
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{path} has fewer than {lines} lines: the application does not raise its errors."
            )
        time.sleep(0.05)


def caller_costs_ms(dsn: str, kilobytes: int, envelopes: int = 300) -> dict[str, float]:
    """What capture_envelope() takes of the calling thread, by the clock, while the sender works beside it."""
    logging.getLogger("core.sentry.spool").setLevel(logging.CRITICAL)
    event = sample_event(kilobytes)
    costs, of_json = [], []
    with tempfile.TemporaryDirectory() as directory:
        sentry_sdk.init(dsn=dsn, transport=make_spool_transport(directory), default_integrations=False)
        client = sentry_sdk.get_client()
        for _ in range(envelopes):
            envelope = Envelope(headers={"event_id": os.urandom(16).hex()})
            envelope.add_event(event)  # type: ignore[arg-type]
            started = time.perf_counter()
            client.transport.capture_envelope(envelope)
            captured = time.perf_counter()
            json_dumps(event)
            costs.append((captured - started) * 1000)
            of_json.append((time.perf_counter() - captured) * 1000)
            time.sleep(0.01)
        client.close()
    return {
        "median": statistics.median(costs),
        "p99": percentile_99(costs),
        "json": statistics.median(of_json),
    }


def sample_event(kilobytes: int) -> dict[str, Any]:
    """The shape of a Django error: frames with source lines and locals."""
    words = random.Random(7)
    frames: list[dict[str, Any]] = []

    def line(length: int) -> str:
        return " ".join("".join(words.choices("abcdefghij_", k=6)) for _ in range(length))

    event = {
        "level": "error",
        "exception": {"values": [{"type": "ValueError", "stacktrace": {"frames": frames}}]},
    }
    while len(json.dumps(event)) < kilobytes * 1000:
        context = {"context_line": line(8), "pre_context": [line(8) for _ in range(5)]}
        frames.append(
            {"function": "get_response", "lineno": 12, "vars": {line(1): line(2) for _ in range(8)}} | context
        )
    return event


def outage_figures(outcomes: list[Outcome]) -> list[Figure]:
    figures = []
    for outcome in outcomes:
        name = f"host {outcome.outage}, {outcome.transport}"
        figures += [
            Figure(f"{name}: events whose capture returned an id", outcome.returned, "events"),
            Figure(f"{name}: received more than once, stored once", outcome.received_again, "events"),
        ]
        missing = (f"{name}: of these missing", outcome.missing, "events")
        if outcome.transport == "plain":
            figures.append(Figure(*missing))
            continue
        figures += [
            exactly(*missing, 0),
            exactly(f"{name}: left in the spool", outcome.left_in_spool, "events", 0),
            Figure(f"{name}: all there after the outage", outcome.caught_up_s, "s"),
        ]
    return figures


def cost_figures() -> list[Figure]:
    """Each in a process of its own, beside the host's; the best of interleaved rounds: the machine has other work."""
    runs: dict[tuple[str, int], list[dict[str, float]]] = {}
    for _ in range(ROUNDS):
        for outage, kilobytes in itertools.product(("ok", "away"), (20, 60)):
            with Receiver(outage) as host, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                costs = process.submit(caller_costs_ms, host.dsn, kilobytes).result()
                runs.setdefault((outage, kilobytes), []).append(costs)
    figures = []
    for (outage, kilobytes), rounds in runs.items():
        name = f"caller's cost, {kilobytes} KB event, host {outage}"
        best = {kind: min(run[kind] for run in rounds) for kind in rounds[0]}
        figures.append(at_most(f"{name}: median", best["median"], "ms", 1.0))
        figures.append(Figure(f"{name}: p99", best["p99"], "ms"))
        figures.append(Figure(f"{name}: of the median, JSON", best["json"], "ms"))
    return figures


def percentile_99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the host fails")
    parser.add_argument("--count", type=int, default=1000, help="errors raised")
    parser.add_argument("--outage", action="append", choices=OUTAGES, help="only this kind; may be repeated")
    parser.add_argument("--cost-only", action="store_true", help="only what a caller pays")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    outcomes = [] if arguments.cost_only else run_outages(arguments)
    figures = outage_figures(outcomes) + cost_figures()
    show(figures)
    if arguments.json:
        write(figures, arguments.json)
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Ten thousand notifications, a receiver that fails half the time, and kill -9 of the worker in the middle.

    script/bench notifications
    script/bench notifications --count 1000 --json notifications.json

Then, with a receiver that is well: from a row to its delivery, one at a time.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.figures import Figure, exactly, show, write
from tests.monitor_site.deliveries.killing import Honouring, environment, insert
from tests.monitor_site.deliveries.receivers import receiving
from tests.monitor_site.digest.processes import Monitor, prepared, stop

ATTEMPTS = 6
SINGLE = 200
PATIENCE_S = 1_800.0


def flood(monitor: Monitor, hook: Honouring, count: int) -> list[Figure]:
    """All at once, and a kill when a third of the requests have been made."""
    database = monitor.directory / "monitor.sqlite3"
    insert(database, range(count))
    started = time.monotonic()
    worker = monitor.start("worker")
    wait(lambda: hook.requests >= count * 2 // 3, "two thirds")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker = monitor.start("worker")
    wait(lambda: not waiting(monitor), "nothing waits")
    took = time.monotonic() - started
    assert stop(worker) == 0
    return [
        Figure("notifications", count, ""),
        Figure("taken for all of them", took, "s"),
        Figure("requests made", hook.requests, ""),
        *outcome(monitor, hook, count),
    ]


def outcome(monitor: Monitor, hook: Honouring, count: int) -> list[Figure]:
    """What the monitor says of its notifications, held to what the receiver has been told."""
    states = dict(monitor.rows("SELECT state, count(*) FROM alerts_notification GROUP BY 1"))
    tries = dict(monitor.rows("SELECT outcome, count(*) FROM deliveries_deliveryattempt GROUP BY 1"))
    sent = {
        row[0]
        for row in monitor.rows(
            "SELECT json_extract(message, '$.title') FROM alerts_notification WHERE state = 'sent'"
        )
    }
    failed = states.get("failed", 0)
    once = sum(hook.told[title] == 1 for title in sent)
    return [
        *(Figure(f"notifications in the state {state}", number, "") for state, number in states.items()),
        *(Figure(f"tries with the outcome {result}", number, "") for result, number in tries.items()),
        exactly("delivered once or shown as failed", once + failed, "", count),
        exactly("told twice", sum(times > 1 for times in hook.told.values()), "", 0),
        exactly("sent but not received", len(sent - set(hook.told)), "", 0),
        exactly("neither sent nor failed", count - states.get("sent", 0) - failed, "", 0),
    ]


def latency(monitor: Monitor, hook: Honouring) -> list[Figure]:
    """From the row's making to its receipt, with nothing else to do."""
    hook.never_fails = True
    database = monitor.directory / "monitor.sqlite3"
    worker = monitor.start("worker")
    found = []
    for number in range(10_000_000, 10_000_000 + SINGLE):
        made = time.time()
        insert(database, range(number, number + 1), now=made)
        wait(lambda title=f"number {number}": title in hook.told_at, "one delivery")  # type: ignore[misc]
        found.append(hook.told_at[f"number {number}"] - made)
        time.sleep(0.013)
    assert stop(worker) == 0
    cuts = statistics.quantiles(found, n=20)
    return [
        Figure(f"one at a time, of {SINGLE}: p50", statistics.median(found) * 1000, "ms"),
        Figure(f"one at a time, of {SINGLE}: p95", cuts[18] * 1000, "ms"),
    ]


def waiting(monitor: Monitor) -> bool:
    return bool(monitor.rows("SELECT 1 FROM alerts_notification WHERE state = 'waiting' LIMIT 1"))


def wait(condition: Any, what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    hook = Honouring()
    with tempfile.TemporaryDirectory() as name, receiving(hook) as receiver:
        directory = Path(name)
        settings = environment(directory, receiver.url, attempts=ATTEMPTS)
        with prepared(directory / "monitor", **settings) as monitor:
            figures = flood(monitor, hook, arguments.count) + latency(monitor, hook)
    show(figures)
    if arguments.json:
        write(figures, arguments.json)


if __name__ == "__main__":
    main()

"""A process that fails: it raises and captures errors, and writes down each event id that capturing returned.

Run by bench/spool.py and by the tests, which kill it. The ids are written with one unbuffered write each, so that
the list is right up to the moment of kill -9.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import sentry_sdk

from core.sentry.spool import make_spool_transport


def fail(depth: int, number: int) -> None:
    if depth == 0:
        raise RuntimeError(f"failure {number}")
    fail(depth - 1, number)


def capture(number: int) -> str | None:
    try:
        fail(20, number)
    except RuntimeError as error:
        return sentry_sdk.capture_exception(error)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--spool", help="without it: the SDK's own transport")
    parser.add_argument("--ids", required=True, type=Path)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--over", type=float, default=0.0, help="seconds over which the errors are spread")
    parser.add_argument(
        "--transactions", type=int, default=0, help="captured after the errors, before a fork"
    )
    parser.add_argument("--forks", type=int, default=0, help="children, each of which raises as many errors")
    parser.add_argument("--stay", action="store_true", help="do not end before standard input does")
    arguments = parser.parse_args()

    transport = None
    if arguments.spool:
        transport = make_spool_transport(arguments.spool, scan_interval_s=0.5, backoff_max_s=2.0)
    sentry_sdk.init(
        dsn=arguments.dsn, transport=transport, release="bench@1", auto_enabling_integrations=False
    )
    ids = os.open(arguments.ids, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    raise_errors(arguments.count, arguments.over, ids)
    for number in range(arguments.transactions):
        sentry_sdk.capture_event({"type": "transaction", "transaction": f"page {number}", "spans": []})
    children = []
    for _ in range(arguments.forks):
        child = os.fork()
        if child == 0:
            raise_errors(arguments.count, arguments.over, ids)
            # As a prefork worker that is told to go: no atexit, no flush.
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    if arguments.stay:
        print("raised", flush=True)
        sys.stdin.read()


def raise_errors(count: int, over_s: float, ids: int) -> None:
    started = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, started + over_s * number / count - time.monotonic()))
        event_id = capture(number)
        if event_id:
            os.write(ids, f"{event_id}\n".encode())


if __name__ == "__main__":
    main()

"""The Compose stack in production mode under load: pages alone, then the same with errors among them.

    script/bench load [--seconds 300] [--rate 200] [--errors 5] [--json FILE] [--keep]

Goals: every error is stored, and the pages' p95 is within 1.2 times of the run without errors.

Production has no page that breaks on request, so one is broken as a disk would: the Parquet file of one data source is
overwritten, and its page then fails as it would for everybody (`data_processing`, P1, of which a flood is never
thinned). The containers are the bench's own and gone afterwards. Needs Docker (docs/deployment.md).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from bench.figures import Figure, at_most, exactly, missed, show, write
from bench.visitors import Ask, Seen, logged_in, visit
from stack.compose import BASE, PRODUCTION, Compose, missing

USER, PASSWORD = "demo@hydroml.example", "demo-hydroml"
PAGES = (
    Ask("home", "/", 6),
    Ask("data", "/data/", 3),
    Ask("projects", "/projects/", 1),
)
P95_RATIO = 1.2
STORED_WITHIN_S = 120
BREAK = (
    "from data_tools.models import DataSource as D; s = D.objects.exclude(parquet_path='').first(); "
    "s.parquet_file.write_bytes(b'PAR1 and nothing that follows PAR1'); print('BROKEN', s.get_absolute_url())"
)
COUNT = (
    "from monitor.issues.models import Issue; "
    "print('STORED', sum(i.times for i in Issue.objects.filter(category='data_processing')))"
)


def compose() -> Compose:
    given = {
        "MONITOR_ADMIN_EMAIL": "bench@hydroml.example",
        "MONITOR_ADMIN_PASSWORD": "a-password-of-the-bench",
        "LOG_LEVEL": "WARNING",
    }
    return Compose("load", (BASE, PRODUCTION), given)


def break_a_source(stack: Compose) -> str:
    """The path of the page that fails from now on."""
    return said(stack.run("exec", "-T", "web", "hydroml", "manage", "shell", "-c", BREAK), "BROKEN")


def stored(stack: Compose) -> int:
    return int(said(stack.run("exec", "-T", "monitor", "hydroml", "monitor", "shell", "-c", COUNT), "STORED"))


def said(output: str, word: str) -> str:
    return next(line.split()[1] for line in output.splitlines() if line.startswith(word))


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/bench load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="of each of the two runs")
    parser.add_argument("--rate", type=float, default=200, help="requests a second")
    parser.add_argument("--errors", type=float, default=5, help="percent of them, in the second run")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--keep", action="store_true", help="leave the containers running")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if reason := missing():
        sys.exit(f"script/bench load: not run, as {reason}.")
    stack = compose()
    with stack.up(keep=options.keep):
        stack.run("exec", "-T", "web", "hydroml", "manage", "load_demo_world")
        figures = measure(stack, options)
    show(figures)
    if options.json:
        write(figures, options.json)
    return 1 if missed(figures) else 0


def measure(stack: Compose, options: argparse.Namespace) -> list[Figure]:
    cookies = logged_in(stack.address, user=USER, password=PASSWORD)
    broken = break_a_source(stack)
    share = options.errors / 100
    failing = Ask("failing", broken, sum(page.weight for page in PAGES) * share / (1 - share), status=500)
    # Templates, connections and imports are there before it counts.
    visit(stack.address, PAGES, a_second=20, seconds=5, cookies=cookies, connections=16)
    alone, with_errors = (
        visit(
            stack.address,
            asks,
            a_second=options.rate,
            seconds=options.seconds,
            cookies=cookies,
            connections=options.connections,
        )
        for asks in (PAGES, (*PAGES, failing))
    )
    caused = caused_errors(with_errors)
    kept = wait_until_stored(stack, caused)
    ratio = quantile_ms(with_errors, 0.95) / quantile_ms(alone, 0.95)
    return [
        *summary(f"without errors, {options.rate:g} a second for {options.seconds:g} s", alone),
        *summary(f"with {options.errors:g} % errors", with_errors),
        at_most("p95 with errors / without", ratio, "×", P95_RATIO),
        Figure("errors caused", caused, ""),
        exactly("errors stored", kept, "", caused),
        Figure("load average at the end", os.getloadavg()[0], ""),
    ]


def caused_errors(seen: Seen) -> int:
    """Requests of the broken page that were answered as such a page is."""
    answered_otherwise = sum(
        number for what, number in seen.wrong.items() if what.startswith("failing: ") and what[9:].isdigit()
    )
    return len(seen.times.get("failing", [])) - answered_otherwise


def quantile_ms(seen: Seen, share: float) -> float:
    """Of the pages that should work: those that fail are beside the point here."""
    return seen.quantile(share, [page.name for page in PAGES])


def summary(run: str, seen: Seen) -> list[Figure]:
    figures = [
        Figure(f"{run}: requests", seen.requests, ""),
        Figure(f"{run}: achieved", seen.requests / seen.took_s, "requests/s"),
        *(Figure(f"{run}: p{share * 100:g}", quantile_ms(seen, share), "ms") for share in (0.5, 0.95, 0.99)),
        exactly(f"{run}: wrong answers", seen.wrong.total(), "", 0),
        *(Figure(f"{run}: wrong, {what}", number, "") for what, number in seen.wrong.items()),
    ]
    if "failing" in seen.times:
        figures.append(Figure(f"{run}: p95 of the broken page", seen.quantile(0.95, ["failing"]), "ms"))
    return figures


def wait_until_stored(stack: Compose, caused: int) -> int:
    deadline = time.monotonic() + STORED_WITHIN_S
    while (count := stored(stack)) < caused and time.monotonic() < deadline:
        time.sleep(3)
    return count


if __name__ == "__main__":
    sys.exit(main())

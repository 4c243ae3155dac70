"""What alert rules cost: in the digest, live, with 200 rules over 10,000 active issues; and a week rehearsed.

    script/bench alert_rules [--json FILE] [--rounds 24] [--facts 1000000]

The digest: a database of its own, and spool, digest, journal and engine as the worker has them, with sentry-sdk's own
report of a real Django error (20 KB). Rounds of 500 events each, in turn with the rules (each batch's part of the
journal is written in its transaction, and the engine reads it) and without them. All windows hold 10,000 issues before.
CPU of the whole process, so that other work on the machine counts little. The rehearsal is the real command, by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, show, under, write
from strategy.loader import load_strategy

ROOT = Path(__file__).resolve().parents[1]
STRATEGY = load_strategy(env={})
START = 1_800_000_000
WEEK_S = 7 * 86400
ISSUES = 10_000
RULES = 200
BATCH = 500
GOAL_ADDED = 20
GOAL_REHEARSAL_S = 60
_AT_ONCE = 2_000
_RULE = """
[[alerts]]
id = "bench-{number}"
title = "Bench {number}"
watches = "events"
categories = ["{category}"]
per = "{per}"
threshold = 10
window = "{minutes}m"
severity = "P1"
cooldown = "1h"
runbook = "docs/runbooks/uncategorised.md"
"""


def strategy_with_many_rules() -> str:
    """The strategy's file with 200 rules on events: each of one category, every other one counted for each issue."""
    text = (ROOT / "strategy" / "strategy.toml").read_text()
    names = list(STRATEGY.categories)
    rules = "".join(
        _RULE.format(
            number=number,
            category=names[number % len(names)],
            per="issue" if (number // len(names)) % 2 else "all",
            minutes=5 + number % 56,
        )
        for number in range(RULES)
    )
    first, after = text.index("\n[[alerts]]"), text.index("\n## Through what people are told")
    return text[:first] + rules + text[after:]


class Events:
    """Envelopes of one error as 10,000 issues, each of a category."""

    def __init__(self, spool: Path) -> None:
        from bench.grouping import payloads

        self._spool = spool
        self._chance = random.Random(1)
        self._categories = [(one.name, one.severity) for one in STRATEGY.categories.values()]
        self._payloads = [json.loads(one) for one in payloads(50)]
        self.size = len(json.dumps(self._payloads[0]))

    def write(self, issues: list[int], *, short: bool = False) -> None:
        """One of each into the spool. `short`: only what rules look at."""
        from monitor.ingest.spool import RecordMeta, SpoolWriter
        from monitor.protocol import serialise_envelope

        writer = SpoolWriter(self._spool, min_free_bytes=0)
        for issue in issues:
            payload = (
                {"platform": "python", "level": "error"} if short else self._chance.choice(self._payloads)
            )
            category, severity = self._categories[issue % len(self._categories)]
            event_id, now = uuid.uuid4().hex, time.time()
            payload = {
                **payload,
                "event_id": event_id,
                "timestamp": now,
                "message": f"number {issue}",
                "environment": "production",
                "fingerprint": [str(issue)],
                "tags": {"category": category, "severity": severity},
                "user": {"id": str(self._chance.randrange(5_000))},
            }
            body = serialise_envelope(
                {"event_id": event_id}, [({"type": "event"}, json.dumps(payload).encode())]
            )
            writer.append(RecordMeta(1, now, "0" * 32, event_id, client="bench/1.0"), body)
        writer.close()

    def some(self) -> list[int]:
        return [self._chance.randrange(ISSUES) for _ in range(BATCH)]


@dataclass
class Digest:
    """The digest in this process, with the rules or without."""

    spool: Path

    def run(self, *, rules: bool) -> float:
        """Digest what waits; CPU seconds of all threads."""
        from monitor.alerts import listening, live
        from monitor.digest import facts, rooms
        from monitor.digest.spooled import digest_spool

        wanted = [one for one in rooms.SUBSCRIBERS if rules or one is not listening.hear_facts]
        facts.subscribers[:] = wanted
        began = time.process_time()
        digest_spool(self.spool)
        if rules:
            live.evaluate(time.time())
        return time.process_time() - began


def live_figures(rounds: int, directory: Path) -> list[Figure]:
    spool = _start_monitor(directory)
    events, digest = Events(spool), Digest(spool)
    for start in range(0, ISSUES, _AT_ONCE):
        events.write(list(range(start, start + _AT_ONCE)), short=True)
        digest.run(rules=True)
    for warm in (True, False):
        events.write(events.some())
        digest.run(rules=warm)
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds):
        # In turn, and which is first in turn as well.
        for rules in (True, False) if number % 2 else (False, True):
            events.write(events.some())
            taken[rules].append(digest.run(rules=rules) / BATCH * 1e6)
    _check(rounds)
    without, with_rules = sum(taken[False]) / rounds, sum(taken[True]) / rounds
    pairs = [(mine / plain - 1) * 100 for mine, plain in zip(taken[True], taken[False], strict=True)]
    added = (with_rules / without - 1) * 100
    return [
        Figure(f"digest of an event of {events.size / 1000:.0f} kB without rules, CPU", without, "µs"),
        Figure(f"the same with {RULES} rules over {ISSUES} issues, live, CPU", with_rules, "µs"),
        under("added to the digest's CPU by the rules", added, "%", GOAL_ADDED),
        Figure("the same, median of the pairs of rounds", statistics.median(pairs), "%"),
    ]


def _start_monitor(directory: Path) -> Path:
    """Of its own, in `directory`; gives its spool."""
    rules = directory / "strategy.toml"
    rules.write_text(strategy_with_many_rules())
    os.environ["STRATEGY_FILE"] = str(rules)
    from bench.monitor_seed import start_django

    start_django(directory)
    from django.conf import settings

    return Path(settings.SPOOL_DIRECTORY)


def _check(rounds: int) -> None:
    """That the engine has had all of it: a bench in which nothing was watched would be quick. Raises RuntimeError."""
    from django.db.models import Max

    from monitor.alerts import journal, live
    from monitor.alerts.models import EngineState, Episode, JournalRow
    from monitor.issues.models import Issue, StoredEvent

    time.sleep(5.1)  # so often it writes down how far it is
    live.evaluate(time.time())
    read, last = EngineState.objects.get().position, JournalRow.objects.aggregate(last=Max("id"))["last"]
    heard = sum(one.times for row in journal.after(0, 100_000) for one in row.entries)  # type: ignore[union-attr]
    expected = ISSUES + (rounds + 1) * BATCH
    if read != last or heard != expected or Issue.objects.count() != ISSUES:
        raise RuntimeError(f"Read {read} of {last} rows with {heard} of {expected} events.")
    stored = StoredEvent.objects.count()
    print(f"{stored} events stored, {heard} seen by the rules, {Episode.objects.count()} episodes")


def rehearsal_figures(facts: int, directory: Path) -> list[Figure]:
    stream = directory / "week.jsonl"
    write_week(stream, facts)
    command = [sys.executable, "-m", "monitor.alerts.rehearsal", "--stream", str(stream)]
    # The first half has put its two hundred rules in the place of the default ones.
    default = {name: value for name, value in os.environ.items() if name != "STRATEGY_FILE"}
    before, began = _children_cpu(), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=default, check=True, capture_output=True)
    took = time.perf_counter() - began
    print(f"the rehearsal printed {len(done.stdout.splitlines())} lines")
    return [
        under(f"rehearsal of a week of {facts} facts, default rules", took, "s", GOAL_REHEARSAL_S),
        Figure("the same, CPU", _children_cpu() - before, "s"),
    ]


def write_week(file: Path, facts: int) -> None:
    """A week of so many facts (time, issue, category, severity, level, release, user) of 10,000 issues, spread evenly."""
    chance = random.Random(1)
    categories = [(each.name, each.severity) for each in STRATEGY.categories.values()]
    with file.open("w") as stream:
        for index in range(facts):
            issue = chance.randrange(ISSUES)
            category, severity = categories[issue % len(categories)]
            fact = {
                "kind": "event",
                "time": START + index * WEEK_S / facts,
                "issue": issue,
                "category": category,
                "severity": severity,
                "level": "error",
                "release": f"1.{index * 20 // facts}",
                "user": f"{chance.randrange(2_000):016x}",
            }
            stream.write(json.dumps(fact) + "\n")


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alert-rules-") as folder:
        live = live_figures(options.rounds, Path(folder))
        show(live)
        rehearsed = rehearsal_figures(options.facts, Path(folder))
        show(rehearsed)
    if options.json:
        write(live + rehearsed, options.json)


if __name__ == "__main__":
    main()

"""CPU of one event on its way through normalising, scrubbing and grouping.

    script/bench grouping [--events 4000] [--json FILE]

The event is a real one: Django's, by sentry-sdk, about 20 KB. Of it are made 20 issues; in each copy the addresses, ids
and times differ, so that caches help as much as they do in earnest: with source lines, names and statements, which come
again with every event. The second half shows what an event costs of which nothing was seen before.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from bench.figures import Figure, at_most, show, write
from monitor.events import Event, EventScrubber, normalise
from monitor.grouping import frames, group, messages, names
from strategy import load_strategy
from tests.monitor.events.recording import sdk_events

ISSUES = 20
BUDGET_MS = 0.35
_VARYING = re.compile(r"0x7[0-9a-f]{9,}|(?<=\")[0-9a-f]{32}(?=\")|(?<=\")[0-9a-f]{16}(?=\")|(?<=/deep/)\d+")


def payloads(count: int) -> list[bytes]:
    """Copies of one event: 20 issues, and values that differ from each to each."""
    template = json.dumps(sdk_events()["deep"])
    chance = random.Random(7)

    def vary(match: re.Match[str]) -> str:
        text = match[0]
        if text.startswith("0x"):
            return f"0x7f{chance.getrandbits(40):010x}"
        return (
            str(chance.randrange(10**6))
            if text.isdigit() and len(text) < 8
            else f"{chance.getrandbits(128):032x}"[: len(text)]
        )

    return [
        _VARYING.sub(vary, template.replace("river.pipeline", f"river{number % ISSUES}.pipeline")).encode()
        for number in range(count)
    ]


class Stages:
    """CPU seconds by stage, of each event."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def timed(self, name: str, call: Callable[[], Any]) -> Any:
        started = time.process_time_ns()
        result = call()
        self.seconds.setdefault(name, []).append((time.process_time_ns() - started) / 1e9)
        return result

    def median_ms(self, *names: str) -> float:
        """Of these stages together."""
        return sum(statistics.median(self.seconds[name]) for name in names) * 1000

    def figures(self, title: str) -> list[Figure]:
        found = [Figure(f"{title}: {name}", self.median_ms(name), "ms") for name in self.seconds]
        return [*found, Figure(f"{title}: all", self.median_ms(*self.seconds), "ms")]


def digest(payload: bytes, scrubber: EventScrubber, stages: Stages) -> Event:
    """One event through all stages."""
    raw = stages.timed("read", lambda: orjson.loads(payload))
    event: Event = stages.timed("normalise", lambda: normalise(raw, received=time.time()))
    stages.timed("scrub", lambda: scrubber.scrub(event))
    stages.timed("group", lambda: group(event))
    stages.timed("write", event.to_json)
    return event


def forget() -> None:
    """Empty the caches of grouping; those of scrubbing belong to the scrubber."""
    for cached in (
        frames._frame_verdict, messages.parameterised, names.function_name, names.module_name, names.file_name,
        names.type_name,
    ):  # fmt: skip
        cached.cache_clear()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=4000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    count = options.events
    strategy = load_strategy()
    events = payloads(count)
    print(
        f"{count} events of {statistics.mean(map(len, events)):,.0f} bytes, {ISSUES} issues; CPU ms of an event (median)"
    )
    warm, scrubber = Stages(), EventScrubber.of_strategy(strategy)
    hashes = {group(digest(payload, scrubber, warm)).hash for payload in events}
    cold = Stages()
    for payload in events[: max(50, count // 20)]:
        forget()
        digest(payload, EventScrubber.of_strategy(strategy), cold)
    figures = [
        *warm.figures("values vary"),
        at_most("values vary: normalise + scrub", warm.median_ms("normalise", "scrub"), "ms", BUDGET_MS),
        *cold.figures("nothing seen before"),
        Figure("nothing seen before: normalise + scrub", cold.median_ms("normalise", "scrub"), "ms"),
    ]
    show(figures)
    if len(hashes) != ISSUES:
        raise SystemExit(f"{len(hashes)} groups were made of {ISSUES} issues")
    if options.json:
        write(figures, options.json)


if __name__ == "__main__":
    main()

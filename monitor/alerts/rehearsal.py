"""What the rules would have said to a recorded stream: `python -m monitor.alerts.rehearsal --stream FILE`.

Time is the stream's own, so a week takes as long as reading it. Nobody is told anything.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.alerts.engine import Engine, Transition
from monitor.alerts.measurements import Measurement
from monitor.alerts.streams import StreamError, read_stream
from monitor.alerts.telling import telling
from monitor.digest.facts import Fact
from strategy.loader import load_strategy
from strategy.model.strategy import Strategy
from strategy.problems import StrategyError


def rehearse(
    strategy: Strategy, stream: Iterable[Fact | Measurement], *, until: float | None = None
) -> Iterator[Transition]:
    """Every episode that begins or ends, in order. `until`: how far the clock runs after the last of the stream."""
    engine = Engine(strategy)
    for each in stream:
        yield from engine.fact(each) if isinstance(each, Fact) else engine.measure(each)
    if until is not None:
        yield from engine.tick(until)


def described(strategy: Strategy, transition: Transition) -> dict[str, Any]:
    """A transition in JSON's words; whom it is told to only where it begins."""
    rule = transition.rule
    told = telling(strategy, rule, transition.environment, transition.at)
    about: dict[str, Any] = {
        "at": transition.at,
        "kind": transition.kind,
        "rule": rule.id,
        "severity": rule.severity,
        "title": rule.title,
        "project": transition.project_id,
        "environment": transition.environment,
        "key": transition.key,
        "value": transition.value,
        "issues": list(transition.evidence.issues),
    }
    if transition.kind == "fired":
        about |= {
            "channels": list(told.channels),
            "recipients": list(told.recipients),
            "told_at": told.not_before,
        }
    return about


def line_of(about: dict[str, Any]) -> str:
    """The same for a terminal."""
    what = f"{about['rule']} ({about['environment']}, {about['key']}): {about['value']:.6g}"
    line = f"{_moment(about['at'])}  {about['kind']:<8}  {about['severity']}  {what}"
    if about["kind"] == "resolved":
        return line
    if not about["channels"]:
        return f"{line}  told to nobody"
    waits = f" at {_moment(about['told_at'])}" if about["told_at"] > about["at"] else ""
    people = f" to {', '.join(about['recipients'])}" if about["recipients"] else ""
    return f"{line}  told{people} through {', '.join(about['channels'])}{waits}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of a rehearsal."""
    parser.add_argument("--stream", help="a file of JSON lines, or - for standard input")
    parser.add_argument("--rules", type=Path, help="another strategy.toml")
    parser.add_argument("--json", action="store_true", help="one JSON object for each line")
    parser.add_argument(
        "--until", type=float, metavar="SECONDS", help="run the clock on to this time (since 1970)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the stream was read to its end, 2 when it or the strategy cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m monitor.alerts.rehearsal", description="Which alert rules would have fired, and when."
    )
    add_arguments(parser)
    options = parser.parse_args(arguments)
    if not options.stream:
        parser.error("--stream is missing: a file of JSON lines, or - for standard input.")
    return run(options)


def run(options: argparse.Namespace, changed: Callable[[Strategy], Strategy] = lambda found: found) -> int:
    """`changed`: what becomes of the strategy before it is used."""
    # A million facts make no circles; looking for some takes a tenth of the time.
    gc.set_threshold(50_000, 20, 50)
    try:
        strategy = changed(load_strategy(options.rules))
        with _opened(options.stream) as lines:
            for transition in rehearse(strategy, read_stream(lines), until=options.until):
                about = described(strategy, transition)
                sys.stdout.write((json.dumps(about) if options.json else line_of(about)) + "\n")
    except (StreamError, StrategyError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _opened(name: str) -> Any:
    return open(0, encoding="utf-8", closefd=False) if name == "-" else Path(name).open(encoding="utf-8")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


if __name__ == "__main__":
    sys.exit(main())

"""What alert rules cost: CPU per event with the default rules, and with 200 rules over 10,000 issues.

    python -m bench.alert_rules [--events 1000000]

The engine alone, without reading the stream; CPU seconds, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import replace

from monitor.alerts.engine import Engine
from monitor.digest.facts import Fact
from strategy.loader import load_strategy
from strategy.model.strategy import Strategy

START = 1_800_000_000
WEEK_S = 7 * 86400
ISSUES = 10_000
RULES = 200


def facts(number: int, strategy: Strategy) -> Iterator[Fact]:
    """A week of so many, spread over all categories and 10,000 issues."""
    chance = random.Random(1)
    categories = [(each.name, each.severity) for each in strategy.categories.values()]
    for index in range(number):
        at = START + index * WEEK_S / number
        issue = chance.randrange(ISSUES)
        category, severity = categories[issue % len(categories)]
        yield Fact(
            time=at,
            received=at,
            project_id=1,
            issue_id=issue,
            uid=b"",
            is_new=False,
            regressed=False,
            category=category,
            severity=severity,
            level="error",
            release="1.0",
            environment="production",
            user=None,
            handled=False,
            transaction="",
            tags={},
            times=1,
        )


def many_rules(strategy: Strategy) -> Strategy:
    """The rules on events again and again, each of one category, every other one counted per issue."""
    pattern = next(rule for rule in strategy.alerts if rule.id == "cache")
    names = list(strategy.categories)
    rules = [
        replace(
            pattern,
            id=f"rule-{index}",
            categories=(names[index % len(names)],),
            per="issue" if index % 2 else "all",
            window_s=60 * (1 + index % 60),
        )
        for index in range(RULES)
    ]
    return replace(strategy, alerts=tuple(rules))


def cpu_us(strategy: Strategy, prepared: list[Fact]) -> tuple[float, int]:
    """CPU per event in microseconds, and how many episodes began or ended."""
    engine = Engine(strategy)
    told = 0
    began = time.process_time()
    for fact in prepared:
        told += len(engine.fact(fact))
    return (time.process_time() - began) / len(prepared) * 1e6, told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    number = parser.parse_args().events
    strategy = load_strategy(env={})
    prepared = list(facts(number, strategy))
    for title, rules in (
        ("default rules", strategy),
        (f"{RULES} rules, {ISSUES} issues", many_rules(strategy)),
    ):
        us, told = cpu_us(rules, prepared)
        print(f"{title}: {us:.1f} us of CPU per event, {us * number / 1e6:.1f} s in all, {told} transitions")


if __name__ == "__main__":
    main()

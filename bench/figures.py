"""What a bench has measured: figures with their goals, as lines for people and as JSON for programs.

Needs the standard library alone: bench.ingest_servers is imported in environments that have nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A measured value. `goal`, in words, and `met` are None where nothing is promised."""

    figure: str
    value: float
    unit: str
    goal: str | None = None
    met: bool | None = None


def at_most(figure: str, value: float, unit: str, goal: float) -> Figure:
    return Figure(figure, value, unit, f"at most {goal:.12g}", value <= goal)


def under(figure: str, value: float, unit: str, goal: float) -> Figure:
    return Figure(figure, value, unit, f"under {goal:.12g}", value < goal)


def at_least(figure: str, value: float, unit: str, goal: float) -> Figure:
    return Figure(figure, value, unit, f"at least {goal:.12g}", value >= goal)


def exactly(figure: str, value: float, unit: str, goal: float) -> Figure:
    return Figure(figure, value, unit, f"exactly {goal:.12g}", value == goal)


def missed(figures: Iterable[Figure]) -> list[Figure]:
    return [each for each in figures if each.met is False]


def show(figures: Iterable[Figure]) -> None:
    """A line for each, with its goal and whether it is met."""
    for each in figures:
        goal = f"   goal: {each.goal}, {'met' if each.met else 'MISSED'}" if each.goal else ""
        print(f"{each.figure:<72} {round(each.value, 3):>12,} {each.unit}{goal}".rstrip(), flush=True)


def show_missed(figures: list[Figure]) -> None:
    """For benches that have shown each figure with more about it when it was measured."""
    show(missed(figures))
    met = len(figures) - len(missed(figures))
    goals = ", ".join(dict.fromkeys(each.goal for each in figures if each.goal))
    print(f"{met} of {len(figures)} figures have no goal or meet it. Goals: {goals}.")


def write(figures: Iterable[Figure], file: Path) -> None:
    """A list of objects with the fields of `Figure`."""
    rows = [asdict(each) | {"value": round(each.value, 3)} for each in figures]
    file.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

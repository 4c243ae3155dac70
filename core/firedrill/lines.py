"""What a drill finds: one line for each thing that was to happen, and the times from which detection is judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """`left out` says that nothing was learned, and why; `rehearsed` that it was proved elsewhere, and where."""

    RIGHT = "ok"
    WRONG = "WRONG"
    LEFT_OUT = "left out"
    REHEARSED = "rehearsed"


@dataclass(frozen=True, slots=True)
class Line:
    """`expected` comes of the strategy and the catalogue; `seen` of the running system. `seconds` since the cause."""

    drill: str
    check: str
    expected: str
    seen: str
    verdict: Verdict
    seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        rounded = None if self.seconds is None else round(self.seconds, 3)
        return asdict(self) | {"verdict": self.verdict.value, "seconds": rounded}


def judged(
    drill: str, check: str, expected: str, seen: str, holds: bool, seconds: float | None = None
) -> Line:
    """A line that is right when `holds`."""
    return Line(drill, check, expected, seen, Verdict.RIGHT if holds else Verdict.WRONG, seconds)


def left_out(drill: str, check: str, expected: str, why: str) -> Line:
    """A line about which nothing was learned."""
    return Line(drill, check, expected, why, Verdict.LEFT_OUT)


def rehearsed(drill: str, check: str, expected: str, where: str) -> Line:
    """A line whose window is longer than a drill can wait."""
    return Line(drill, check, expected, where, Verdict.REHEARSED)


STORED, ALERTED, TOLD = "stored", "alert", "told"
"""The checks whose seconds are times of detection: from the raise until it is stored, an alert fires, somebody is told."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Times of detection in seconds: nearest-rank percentiles of what was measured."""

    what: str
    measured: int
    p50: float
    p95: float
    longest: float


def figures(lines: Iterable[Line]) -> list[Figure]:
    """Of the lines that are right and have a time; a figure without any is left out."""
    found, known = [], list(lines)
    for what in (STORED, ALERTED, TOLD):
        times = sorted(
            line.seconds
            for line in known
            if line.check.split(" ")[0] == what and line.seconds is not None and line.verdict is Verdict.RIGHT
        )
        if times:
            found.append(Figure(f"raise → {what}", len(times), _rank(times, 50), _rank(times, 95), times[-1]))
    return found


def _rank(times: list[float], percent: int) -> float:
    return times[max(0, -(-len(times) * percent // 100) - 1)]

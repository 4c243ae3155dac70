"""SQL without its values, and what is wrong with how it is asked: again and again, or for too long."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from monitor.issues.collecting import scrubber
from monitor.performance.models import FindingKind

N_PLUS_ONE_FROM = 5
"""So many reads of the same text beneath one parent. How long they take does not matter: they grow with the data."""
SLOW_FROM_MS = 500.0
"""One query of this length is a finding."""
_TEXT_MAX = 4000

_IS_SQL = re.compile(
    r"\s*(?:/\*.*?\*/\s*)?(?:select|insert|update|delete|with|merge|copy|call|refresh)\b", re.I | re.S
)
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.S)
_LITERAL = re.compile(
    r"'(?:[^']|'')*'|\$\d+|%\(\w+\)s|%s|(?<![\w:]):\w+|(?<![\w\"])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?\b", re.I
)
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")
_ROWS = re.compile(r"(\((?:\?|\?\.\.)\))(?:\s*,\s*\((?:\?|\?\.\.)\))+")
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=4096)
def normalised(sql: str) -> str | None:
    """`… WHERE id IN (1, 2, 3)` as `… WHERE id IN (?..)`; None for what is no statement that reads or writes."""
    if not _IS_SQL.match(sql):
        return None
    text = _LITERAL.sub("?", _COMMENT.sub(" ", sql[: 4 * _TEXT_MAX]))
    text = _SPACE.sub(" ", text).strip(" ;")
    text = _ROWS.sub(r"\1", _LIST.sub("(?..)", text))
    return str(scrubber().value(text))[:_TEXT_MAX]


@dataclass(frozen=True, slots=True)
class Query:
    """One database span. `source` is file, line and function, where the SDK told them."""

    text: str
    parent: str
    duration_ms: float
    source: str = ""


@dataclass(slots=True)
class Asked:
    """All queries of one text in one transaction."""

    count: int = 0
    total_ms: float = 0.0
    max_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """Something wrong in one transaction. `longest_ms`: of the query, or of the whole series."""

    kind: str
    text: str
    spans: int
    total_ms: float
    longest_ms: float
    source: str


def asked(queries: Iterable[Query]) -> dict[str, Asked]:
    """By text."""
    found: dict[str, Asked] = {}
    for query in queries:
        one = found.setdefault(query.text, Asked())
        one.count += 1
        one.total_ms += query.duration_ms
        one.max_ms = max(one.max_ms, query.duration_ms)
    return found


def findings(queries: Iterable[Query]) -> list[Found]:
    """What is wrong with the queries of one transaction."""
    series: dict[tuple[str, str], list[Query]] = {}
    slow: dict[str, list[Query]] = {}
    for query in queries:
        if query.text[:6].upper() == "SELECT":
            series.setdefault((query.parent, query.text), []).append(query)
        if query.duration_ms >= SLOW_FROM_MS:
            slow.setdefault(query.text, []).append(query)
    found = []
    for (_, text), some in series.items():
        if len(some) >= N_PLUS_ONE_FROM:
            total = sum(query.duration_ms for query in some)
            found.append(Found(FindingKind.N_PLUS_ONE, text, len(some), total, total, _source(some)))
    for text, some in slow.items():
        total = sum(query.duration_ms for query in some)
        longest = max(query.duration_ms for query in some)
        found.append(Found(FindingKind.SLOW, text, len(some), total, longest, _source(some)))
    return found


def _source(queries: list[Query]) -> str:
    """The SDK tells it of queries that took over 100 ms only."""
    return next((query.source for query in queries if query.source), "")

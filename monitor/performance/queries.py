"""Stores which SQL was asked, how long it took, and what was found wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import orjson

from monitor.digest.sql import database, rows_in
from monitor.performance.arriving import Arrived
from monitor.performance.statements import Asked, Found, asked, findings

MAX_STATEMENTS = 20_000
"""Of one project; others are counted as OTHER."""
OTHER = "<other>"
_DAY_S = 86_400

_COUNT = "SELECT count(*) FROM performance_statement WHERE project_id = ?"
_INSERT = (
    "INSERT INTO performance_statement (project_id, text, key) VALUES (?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id"
)
_ADD_DAY = (
    "INSERT INTO performance_statementday (statement_id, group_id, day, count, total_ms, max_ms)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (statement_id, group_id, day) DO UPDATE SET"
    " count = count + excluded.count, total_ms = total_ms + excluded.total_ms,"
    " max_ms = max(max_ms, excluded.max_ms)"
)
_ADD_FINDING = (
    "INSERT INTO performance_queryfinding (group_id, statement_id, kind, times, spans, total_ms, max_ms, source,"
    " first_seen, last_seen, example) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (group_id, statement_id, kind) DO UPDATE SET times = times + 1, spans = spans + excluded.spans,"
    " total_ms = total_ms + excluded.total_ms, max_ms = max(max_ms, excluded.max_ms),"
    " source = CASE WHEN excluded.source = '' THEN source ELSE excluded.source END,"
    " first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),"
    " example = excluded.example"
)
_LAST_EXAMPLE = (
    "SELECT f.example, f.last_seen FROM performance_queryfinding f"
    " WHERE f.group_id = ? AND f.statement_id = ? AND f.kind = ?"
)


def store_queries(arrivals: Sequence[Arrived]) -> None:
    """Of all that were counted. Marks those that are the example of a finding: one a day, so it is never long gone."""
    texts = {(one.project_id, query.text) for one in arrivals for query in one.measured.queries}
    if not texts:
        return
    ids = _ids_of(texts)
    days: dict[tuple[int, int, int], Asked] = {}
    for one in arrivals:
        for text, found in asked(one.measured.queries).items():
            into = days.setdefault((ids[one.project_id, text], one.group_id, one.day), Asked())
            into.count += found.count
            into.total_ms += found.total_ms
            into.max_ms = max(into.max_ms, found.max_ms)
        for finding in findings(one.measured.queries):
            _store_finding(one, finding, ids[one.project_id, finding.text])
    rows = [
        (*place, found.count, found.total_ms, found.max_ms)
        for place, found in sorted(days.items(), key=lambda pair: pair[0])
    ]
    database().executemany(_ADD_DAY, rows)


def _store_finding(one: Arrived, finding: Found, statement: int) -> None:
    at = one.measured.start
    before = database().execute(_LAST_EXAMPLE, (one.group_id, statement, finding.kind)).fetchone()
    if before is None or int(before[1] // _DAY_S) < int(at // _DAY_S):
        one.is_example = True
    example = one.uid if one.is_example or before is None else before[0]
    row = (
        one.group_id,
        statement,
        finding.kind,
        finding.spans,
        finding.total_ms,
        finding.longest_ms,
        finding.source,
        at,
        at,
        example,
    )
    database().execute(_ADD_FINDING, row)


def _ids_of(texts: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    keys = {place: _key(*place) for place in sorted(texts)}
    statement = "SELECT key, id FROM performance_statement WHERE key IN ({})"
    known: dict[bytes, int] = dict(rows_in(statement, sorted(set(keys.values()))))
    for (project_id, text), key in keys.items():
        if key not in known:
            size = database().execute(_COUNT, (project_id,)).fetchone()[0]
            name = text if size < MAX_STATEMENTS else OTHER
            row = (project_id, name, _key(project_id, name))
            known[key] = database().execute(_INSERT, row).fetchone()[0]
    return {place: known[key] for place, key in keys.items()}


def _key(project_id: int, text: str) -> bytes:
    return blake2b(orjson.dumps((project_id, text)), digest_size=16).digest()

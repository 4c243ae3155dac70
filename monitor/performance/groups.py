"""Which group a transaction belongs to, and the bound on how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import orjson

from monitor.digest.sql import database, rows_in
from monitor.performance.arriving import Arrived

MAX_GROUPS = 5000
"""Of one project; what is beyond is counted as OTHER."""
OTHER = "<other>"

_COUNT = "SELECT count(*) FROM performance_transactiongroup WHERE project_id = ?"
_INSERT = (
    "INSERT INTO performance_transactiongroup (project_id, name, op, environment, is_task, key)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id"
)


def assign(arrivals: Sequence[Arrived]) -> None:
    """Give each its `group_id`; in the transaction that stores them."""
    keys = {_key(one, one.measured.name) for one in arrivals}
    statement = "SELECT key, id FROM performance_transactiongroup WHERE key IN ({})"
    known: dict[bytes, int] = dict(rows_in(statement, sorted(keys)))
    sizes: dict[int, int] = {}
    for one in arrivals:
        key = _key(one, one.measured.name)
        if key not in known:
            known[key] = _make(one, sizes)
        one.group_id = known[key]


def _make(one: Arrived, sizes: dict[int, int]) -> int:
    project_id = one.project_id
    if project_id not in sizes:
        sizes[project_id] = database().execute(_COUNT, (project_id,)).fetchone()[0]
    name = one.measured.name if sizes[project_id] < MAX_GROUPS else OTHER
    sizes[project_id] += 1
    found = one.measured
    row = (project_id, name, found.op, found.environment, found.is_task, _key(one, name))
    return int(database().execute(_INSERT, row).fetchone()[0])


def _key(one: Arrived, name: str) -> bytes:
    parts = (one.project_id, name, one.measured.op, one.measured.environment)
    return blake2b(orjson.dumps(parts), digest_size=16).digest()

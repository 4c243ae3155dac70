"""How a release answers: from its transactions, which are a sample. Tasks are left out."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.digest.sql import as_json, database
from monitor.metrics.sketch import merged
from monitor.releases.figures import Scope
from monitor.releases.models import Release

_DAY_MIN, _HOUR_MIN = 1440, 60
_HOURS_UP_TO_S = 3 * 86400
_BUCKETS = (
    "SELECT b.count, b.failed, s.durations FROM performance_transactionbucket b"
    " JOIN performance_transactiongroup g ON g.id = b.group_id"
    " LEFT JOIN performance_transactionsketch s ON s.bucket_id = b.id"
    " WHERE b.step = ? AND b.minute >= ? AND b.minute < ? AND b.release_id = ? AND g.is_task = 0"
    " AND g.project_id IN (SELECT value FROM json_each(?)) AND (? = '' OR g.environment = ?)"
)


@dataclass(frozen=True, slots=True)
class Requests:
    """Of those transactions that were received. `p95_ms` is right within 1 %."""

    count: int
    failed: int
    p95_ms: float | None


def requests_of(release: Release, scope: Scope) -> Requests:
    """In the hours of a short period, the days of a long one, that it has a part of."""
    length = (scope.until - scope.since).total_seconds()
    step = _HOUR_MIN if length <= _HOURS_UP_TO_S else _DAY_MIN
    first = int(scope.since.timestamp() // 60) // step * step
    place = (step, first, int(scope.until.timestamp() // 60) + 1, release.pk)
    narrowed = (as_json(scope.projects), scope.environment, scope.environment)
    rows = database().execute(_BUCKETS, (*place, *narrowed)).fetchall()
    durations = merged(row[2] for row in rows if row[2] is not None)
    return Requests(sum(row[0] for row in rows), sum(row[1] for row in rows), durations.quantile(0.95))

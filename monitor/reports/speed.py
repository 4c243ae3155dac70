"""How quick pages and tasks were, and which have become slower: from the sampled transactions."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.digest.sql import database
from monitor.metrics.sketch import Sketch
from monitor.reports.counts import LISTED, Json, Span

_STEP = 60
_ENOUGH = 50
_SLOWER = 1.25
_SUMS = (
    "SELECT g.name, g.is_task, b.count, s.durations FROM performance_transactionbucket b"
    " JOIN performance_transactiongroup g ON g.id = b.group_id"
    " LEFT JOIN performance_transactionsketch s ON s.bucket_id = b.id"
    " WHERE b.step = ? AND b.minute >= ? AND b.minute < ? AND g.project_id = ?"
)


@dataclass(slots=True)
class _Group:
    count: int
    sketch: Sketch

    @property
    def p95(self) -> float | None:
        return self.sketch.quantiles([0.95])[0]


def speed(span: Span) -> Json:
    """The p95 of all requests in milliseconds beside that of the stretch before; what is a quarter slower than then."""
    now, before = _groups(span), _groups(span.previous)
    slower: list[Json] = []
    for key, group in now.items():
        then = before.get(key)
        if then is None or min(group.count, then.count) < _ENOUGH:
            continue
        new, old = group.p95, then.p95
        if new is not None and old and new > old * _SLOWER:
            slower.append(
                {
                    "name": key[0],
                    "p95_ms": new,
                    "before_ms": old,
                    "count": group.count,
                    "growth": new / old - 1,
                }
            )
    slower.sort(key=lambda one: -one["growth"])
    return {
        "p95_ms": {"now": _of_requests(now), "before": _of_requests(before)},
        "slower": slower[:LISTED],
    }


def _groups(span: Span) -> dict[tuple[str, bool], _Group]:
    found: dict[tuple[str, bool], _Group] = {}
    minutes = (hour * 60 for hour in span.hours)
    for name, is_task, count, durations in database().execute(_SUMS, (_STEP, *minutes, span.project.pk)):
        group = found.setdefault((name, bool(is_task)), _Group(0, Sketch()))
        group.count += count
        if durations:
            group.sketch.merge_bytes(durations)
    return found


def _of_requests(groups: dict[tuple[str, bool], _Group]) -> float | None:
    whole = Sketch()
    for (_, is_task), group in groups.items():
        if not is_task:
            whole.merge(group.sketch)
    return whole.quantiles([0.95])[0]

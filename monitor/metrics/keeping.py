"""How long figures are kept: minutes for some days, hours as long as all counts."""

from __future__ import annotations

from monitor.metrics.selectors import FINE_S
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

SENT_AGAIN_WITHIN_S = 31 * 86_400
"""A spool waits for no longer than events may be old."""
_RUN_S = 1.0
_OLD = "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < ? LIMIT ?)"
_EMPTY = (
    "DELETE FROM metrics_metricseries WHERE id IN (SELECT s.id FROM metrics_metricseries s WHERE"
    " NOT EXISTS (SELECT 1 FROM metrics_metrichour h WHERE h.series_id = s.id)"
    " AND NOT EXISTS (SELECT 1 FROM metrics_metricminute m WHERE m.series_id = s.id) LIMIT ?)"
)


def forget_old(now: float) -> None:
    """The clock job. What is not done in a second is done the next time."""
    pace = Pace(_RUN_S)
    minutes = int((now - FINE_S) // 60)
    hours = int((now - current_strategy().retention.counts_s) // 3600)
    for table, column, before in (
        ("metrics_metricminute", "minute", minutes),
        ("metrics_metrichour", "hour", hours),
        ("metrics_seensums", "at", now - SENT_AGAIN_WITHIN_S),
    ):
        pace.delete(_OLD.format(table=table, column=column), before)
    pace.delete(_EMPTY)

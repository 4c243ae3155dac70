"""How long figures are kept: minutes for some days, hours for some weeks, days as long as all counts."""

from __future__ import annotations

from monitor.metrics.tiers import TIERS
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

SENT_AGAIN_WITHIN_S = 31 * 86_400
"""A spool waits for no longer than events may be old."""
_RUN_S = 1.0
_OLD = "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < ? LIMIT ?)"
_EMPTY = (
    "DELETE FROM metrics_metricseries WHERE id IN (SELECT s.id FROM metrics_metricseries s WHERE"
    " NOT EXISTS (SELECT 1 FROM metrics_metricday d WHERE d.series_id = s.id)"
    " AND NOT EXISTS (SELECT 1 FROM metrics_metrichour h WHERE h.series_id = s.id)"
    " AND NOT EXISTS (SELECT 1 FROM metrics_metricminute m WHERE m.series_id = s.id) LIMIT ?)"
)


def forget_old(now: float) -> None:
    """The clock job. What is not done in a second is done the next time."""
    pace = Pace(_RUN_S)
    for tier in TIERS:
        kept_s = current_strategy().retention.counts_s if tier.kept_s is None else tier.kept_s
        pace.delete(_OLD.format(table=tier.table, column=tier.column), int((now - kept_s) // tier.seconds))
    pace.delete(_OLD.format(table="metrics_seensums", column="at"), now - SENT_AGAIN_WITHIN_S)
    pace.delete(_EMPTY)

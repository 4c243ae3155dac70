"""How long what is kept of transactions: samples and fine sums as the strategy says, sums by day as long as counts."""

from __future__ import annotations

from monitor.digest.sql import as_json, database
from monitor.performance.models import STEPS
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

FINE_S = 3 * 86_400
"""Buckets of five minutes: charts of a day and rules read them."""
SENT_AGAIN_WITHIN_S = 31 * 86_400
_DAY_S = 86_400
_RUN_S = 1.5
_BUCKETS = "SELECT id FROM performance_transactionbucket WHERE step = ? AND minute < ? LIMIT ?"
_SKETCHES = "DELETE FROM performance_transactionsketch WHERE bucket_id IN (SELECT value FROM json_each(?))"
_THESE = "DELETE FROM performance_transactionbucket WHERE id IN (SELECT value FROM json_each(?))"
_ROWS = "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < ? LIMIT ?)"


def forget_old(now: float) -> None:
    """The clock job. What is not done in a second or two is done the next time."""
    retention, pace = current_strategy().retention, Pace(_RUN_S)
    transactions = now - retention.transactions_s
    for step, before in zip(STEPS, (now - FINE_S, transactions, now - retention.counts_s), strict=True):
        _forget_buckets(pace, step, int(before // 60))
    for table, column, limit in (
        ("performance_transactionsample", "day", int(transactions // _DAY_S)),
        ("performance_statementday", "day", int(transactions // _DAY_S)),
        ("performance_queryfinding", "last_seen", transactions),
        ("performance_seentransaction", "at", now - SENT_AGAIN_WITHIN_S),
    ):
        pace.delete(_ROWS.format(table=table, column=column), limit)
    pace.delete(
        "DELETE FROM performance_statement WHERE id IN (SELECT s.id FROM performance_statement s WHERE NOT EXISTS"
        " (SELECT 1 FROM performance_statementday d WHERE d.statement_id = s.id) AND NOT EXISTS"
        " (SELECT 1 FROM performance_queryfinding f WHERE f.statement_id = s.id) LIMIT ?)"
    )
    pace.delete(
        "DELETE FROM performance_transactiongroup WHERE id IN (SELECT g.id FROM performance_transactiongroup g"
        " WHERE NOT EXISTS (SELECT 1 FROM performance_transactionbucket b WHERE b.group_id = g.id)"
        " AND NOT EXISTS (SELECT 1 FROM performance_transactionsample s WHERE s.group_id = g.id)"
        " AND NOT EXISTS (SELECT 1 FROM performance_statementday d WHERE d.group_id = g.id)"
        " AND NOT EXISTS (SELECT 1 FROM performance_queryfinding f WHERE f.group_id = g.id) LIMIT ?)"
    )


def _forget_buckets(pace: Pace, step: int, before: int) -> None:
    """With their sketches."""

    def some(size: int) -> int:
        ids = [row[0] for row in database().execute(_BUCKETS, (step, before, size))]
        if ids:
            database().execute(_SKETCHES, (as_json(ids),))
            database().execute(_THESE, (as_json(ids),))
        return len(ids)

    pace.run(some)

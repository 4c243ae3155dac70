"""How long sessions, users and counts of releases are kept."""

from __future__ import annotations

from monitor.releases.sessions import DAY_S, HOUR_S
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

SESSION_CHANGES_FOR_S = 5 * DAY_S
"""After so long a session's updates change nothing any more, as at Sentry."""
_RUN_S = 2.0
_ROWS = "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < ? LIMIT ?)"


def forget_old(now: float) -> None:
    """By the clock, in short steps; what is not done in two seconds is done the next time."""
    retention, pace = current_strategy().retention, Pace(_RUN_S)
    for table, column, limit in (
        ("releases_sessionstate", "started", now - SESSION_CHANGES_FOR_S - DAY_S),
        ("releases_releaseuser", "day", (now - retention.events_s) // DAY_S),
        ("releases_releasehour", "hour", (now - retention.counts_s) // HOUR_S),
    ):
        pace.delete(_ROWS.format(table=table, column=column), limit)

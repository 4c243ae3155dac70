"""How long what the rules have seen and found is kept."""

from __future__ import annotations

from monitor.alerts import journal
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

_RUN_S = 0.5
_OLD = "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < ? LIMIT ?)"
_OLD_MESSAGES = (
    "DELETE FROM alerts_notification WHERE id IN (SELECT n.id FROM alerts_notification n"
    " JOIN alerts_episode e ON e.id = n.episode_id WHERE e.ended_at < ? LIMIT ?)"
)
_OF_OLD_MESSAGES = (
    "DELETE FROM {table} WHERE id IN (SELECT t.id FROM {table} t JOIN alerts_notification n ON n.id = t.notification_id"
    " JOIN alerts_episode e ON e.id = n.episode_id WHERE e.ended_at < ? LIMIT ?)"
)
_NOT_FOLLOWED = (
    "UPDATE alerts_episode SET leader_id = NULL WHERE id IN (SELECT f.id FROM alerts_episode f"
    " JOIN alerts_episode e ON e.id = f.leader_id WHERE e.ended_at < ? LIMIT ?)"
)


def forget_old(now: float) -> None:
    """The clock job. Episodes are kept as long as incidents, the journal as long as windows reach, and two days."""
    journal.forget_old(now)
    before = now - current_strategy().retention.incidents_s
    pace = Pace(_RUN_S)
    # SQLite's own statements: what refers to a row goes first.
    for table in ("deliveries_deliveryattempt", "deliveries_outboxmessage"):
        pace.delete(_OF_OLD_MESSAGES.format(table=table), before)
    pace.delete(_OLD_MESSAGES, before)
    pace.delete(_NOT_FOLLOWED, before)
    pace.delete(_OLD.format(table="alerts_episode", column="ended_at"), before)
    pace.delete(_OLD.format(table="alerts_mute", column="until"), before)

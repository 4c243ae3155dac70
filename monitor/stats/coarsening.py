"""Counts by the minute become counts by the hour once nobody asks for the minute any more.

A month of one busy project is a quarter of a million rows by the minute, which would take the system page seconds to
add up; by the hour it is some thousand. Sums stay exact: `minute` is then the first minute of the hour.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.digest.sql import as_json, database
from monitor.retention.pace import Pace

OUTCOMES_FINE_S = 26 * 3600
"""Younger than this, each minute stands by itself: charts of a day read it."""
EVENTS_FINE_S = 3 * 86_400
"""The same for what rules and budgets read, whose windows are longer."""
COARSEN_EVERY_S = 600.0
_RUN_S = 2.0
_AT_ONCE = 200_000


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` tell rows of one minute apart; `count` is added up."""

    name: str
    fine_s: int
    columns: str
    count: str
    old: str
    """Ids of rows by the minute that are older than a minute, the oldest first, so many at most."""

    def coarsen(self, ids: list[int]) -> None:
        """In a transaction."""
        given = (as_json(ids),)
        database().execute(
            f"INSERT INTO {self.name} (minute, {self.columns}, {self.count})"  # noqa: S608
            f" SELECT minute / 60 * 60, {self.columns}, sum({self.count}) FROM {self.name}"
            f" WHERE id IN (SELECT value FROM json_each(?)) GROUP BY minute / 60 * 60, {self.columns}"
            f" ON CONFLICT (project_id, minute, {self.columns.removeprefix('project_id, ')})"
            f" DO UPDATE SET {self.count} = {self.count} + excluded.{self.count}",
            given,
        )
        database().execute(f"DELETE FROM {self.name} WHERE id IN (SELECT value FROM json_each(?))", given)  # noqa: S608


TABLES = (
    Table(
        "stats_outcomecount",
        OUTCOMES_FINE_S,
        "project_id, outcome, category, reason",
        "quantity",
        "SELECT id FROM stats_outcomecount WHERE minute < ? AND minute % 60 <> 0 ORDER BY minute LIMIT ?",
    ),
    Table(
        "stats_eventcount",
        EVENTS_FINE_S,
        "project_id, category, severity, level, environment, release",
        "times",
        # By way of the projects: the table's only index begins with them.
        "SELECT c.id FROM projects_project p CROSS JOIN stats_eventcount c ON c.project_id = p.id"
        " WHERE c.minute < ? AND c.minute % 60 <> 0 LIMIT ?",
    ),
)


def coarsen(now: float) -> None:
    """The clock job. What is not done in some seconds is done the next time."""
    for table in TABLES:
        before = int((now - table.fine_s) // 3600) * 60
        ids = [row[0] for row in database().execute(table.old, (before, _AT_ONCE))]
        _in_steps(table, ids)


def _in_steps(table: Table, ids: list[int]) -> None:
    place = 0

    def step(size: int) -> int:
        nonlocal place
        chosen = ids[place : place + size]
        if chosen:
            table.coarsen(chosen)
        place += len(chosen)
        return len(chosen)

    Pace(_RUN_S).run(step)

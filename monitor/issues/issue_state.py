"""The row of an issue while a batch adds to it: read at its start, changed by each arrival, written once at its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from monitor.digest.sql import as_json, database
from monitor.issues.arrival import Arrival


@dataclass(slots=True)
class IssueState:
    """Columns of Issue that events change; times are seconds since 1970."""

    id: int
    title: str
    culprit: str
    type: str
    value: str
    level: str
    platform: str
    logger: str
    transaction: str
    category: str
    severity: str
    handled: bool | None
    first_seen: float
    last_seen: float
    times: int
    users: int
    stored: int
    first_release: str
    last_release: str
    status: str
    substatus: str
    status_changed_at: float | None
    resolved_in_release: str
    resolved_in_next_release: bool
    ignored_until: float | None
    ignored_until_times: int | None
    ignored_until_rate: int | None
    sampling_hour: int
    sampling_events: int
    sampling_kept_at: float | None

    def add(self, arrival: Arrival) -> None:
        """Count it, and describe the issue by its newest events. The worst severity stays."""
        self.times += arrival.times
        self.first_seen = min(self.first_seen, arrival.timestamp)
        if arrival.severity and (not self.severity or arrival.severity < self.severity):
            self.severity = arrival.severity
        if arrival.release and not self.first_release:
            self.first_release = arrival.release
        if arrival.timestamp < self.last_seen:
            return
        # Once an hour is enough for the words: where numbers in them vary, each change would be one of the text index.
        if arrival.type != self.type or arrival.hour != int(self.last_seen // 3600) or not self.platform:
            self._describe(arrival)
        self.last_seen = arrival.timestamp
        self.level, self.handled = arrival.level, arrival.handled
        self.category = arrival.category or self.category
        self.last_release = arrival.release or self.last_release

    def _describe(self, arrival: Arrival) -> None:
        self.title, self.culprit = arrival.title, arrival.culprit
        self.type, self.value, self.platform = arrival.type, arrival.value, arrival.platform
        self.logger, self.transaction = arrival.logger, arrival.transaction


_COLUMNS = tuple(one.name for one in fields(IssueState))
# Quoted: `transaction` is a word of SQL.
_SELECTED = ", ".join(f'i."{name}"' for name in _COLUMNS)
_SET = ", ".join(f'"{name}" = ?' for name in _COLUMNS[1:])
_SELECT = f"SELECT {_SELECTED} FROM json_each(?) j CROSS JOIN issues_issue i ON i.id = j.value"  # noqa: S608
_UPDATE = f"UPDATE issues_issue SET {_SET} WHERE id = ?"  # noqa: S608


def load(ids: Iterable[int]) -> dict[int, IssueState]:
    """Those that exist, by id."""
    rows = database().execute(_SELECT, (as_json(ids),))
    return {row[0]: IssueState(*row) for row in rows}


def save(states: Iterable[IssueState]) -> None:
    rows = []
    for state in states:
        values = [getattr(state, name) for name in _COLUMNS]
        rows.append((*values[1:], values[0]))
    database().executemany(_UPDATE, rows)

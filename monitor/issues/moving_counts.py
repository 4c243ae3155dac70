"""Adding and taking away what is counted of an issue: hours, tags and users, when issues are merged and parted.

In SQL, since an issue may have thousands of each. All of it runs in the transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection

from monitor.digest.sql import database

Times = tuple[int, float, float]
"""How often, the first and the last time in seconds since 1970."""


@dataclass
class Counts:
    """Of an issue, or of some of its events."""

    times: int = 0
    hours: dict[int, int] = field(default_factory=dict)
    tags: dict[int, Times] = field(default_factory=dict)
    users: set[bytes] = field(default_factory=set)

    def add_hour(self, hour: int, times: int) -> None:
        self.hours[hour] = self.hours.get(hour, 0) + times

    def add_tag(self, tag: int, times: int, first: float, last: float) -> None:
        known = self.tags.get(tag)
        if known is not None:
            times, first, last = times + known[0], min(first, known[1]), max(last, known[2])
        self.tags[tag] = (times, first, last)

    def add(self, other: Counts) -> None:
        self.times += other.times
        self.users |= other.users
        for hour, times in other.hours.items():
            self.add_hour(hour, times)
        for tag, (times, first, last) in other.tags.items():
            self.add_tag(tag, times, first, last)


def counts_of(issue: int) -> Counts:
    """All that is counted of it but for `times`, which its row knows."""
    rows = database().execute
    return Counts(
        hours=dict(rows("SELECT hour, times FROM issues_issuehour WHERE issue_id = ?", (issue,)).fetchall()),
        tags={
            tag: (times, first, last)
            for tag, times, first, last in rows(
                "SELECT tag_id, times, first_seen, last_seen FROM issues_issuetag WHERE issue_id = ?",
                (issue,),
            )
        },
        users={user for (user,) in rows("SELECT user FROM issues_issueuser WHERE issue_id = ?", (issue,))},
    )


def add_counts(issue: int, more: Counts) -> None:
    """Hours, tags and users of `more` are the issue's too. `Issue.times` and `Issue.users` are the caller's."""
    with connection.wrap_database_errors:
        database().executemany(
            "INSERT INTO issues_issuehour (issue_id, hour, times) VALUES (?, ?, ?)"
            " ON CONFLICT (issue_id, hour) DO UPDATE SET times = times + excluded.times",
            [(issue, hour, times) for hour, times in more.hours.items()],
        )
        database().executemany(
            "INSERT INTO issues_issuetag (issue_id, tag_id, times, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (issue_id, tag_id) DO UPDATE SET times = times + excluded.times,"
            " first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)",
            [(issue, tag, *times) for tag, times in more.tags.items()],
        )
        database().executemany(
            "INSERT OR IGNORE INTO issues_issueuser (issue_id, user) VALUES (?, ?)",
            [(issue, user) for user in more.users],
        )


def take_counts(issue: int, less: Counts) -> None:
    """Hours and tags of `less` are no longer the issue's. What reaches zero is no row. Users are the caller's."""
    with connection.wrap_database_errors:
        database().executemany(
            "UPDATE issues_issuehour SET times = max(times - ?, 0) WHERE issue_id = ? AND hour = ?",
            [(times, issue, hour) for hour, times in less.hours.items()],
        )
        database().execute("DELETE FROM issues_issuehour WHERE issue_id = ? AND times <= 0", (issue,))
        database().executemany(
            "UPDATE issues_issuetag SET times = max(times - ?, 0) WHERE issue_id = ? AND tag_id = ?",
            [(times, issue, tag) for tag, (times, _, _) in less.tags.items()],
        )
        database().execute("DELETE FROM issues_issuetag WHERE issue_id = ? AND times <= 0", (issue,))


def set_tag_times(issue: int, times: dict[int, tuple[float, float]]) -> None:
    """First and last times of tags, where it is known that they were others."""
    with connection.wrap_database_errors:
        database().executemany(
            "UPDATE issues_issuetag SET first_seen = ?, last_seen = ? WHERE issue_id = ? AND tag_id = ?",
            [(first, last, issue, tag) for tag, (first, last) in times.items()],
        )


def take_users(issue: int, users: Iterable[bytes]) -> None:
    """These users are no longer the issue's."""
    with connection.wrap_database_errors:
        database().executemany(
            "DELETE FROM issues_issueuser WHERE issue_id = ? AND user = ?", [(issue, user) for user in users]
        )


def users_seen(issue: int, users: set[bytes]) -> set[bytes]:
    """Those of `users` of whom a kept event of the issue tells."""
    found = database().execute(
        "SELECT DISTINCT user FROM issues_storedevent WHERE issue_id = ? AND user IS NOT NULL", (issue,)
    )
    return {user for (user,) in found} & users


def packed(users: set[bytes]) -> bytes:
    """One after the other, 8 bytes each."""
    return b"".join(sorted(users))


def unpacked(users: bytes | memoryview) -> set[bytes]:
    return {bytes(users[start : start + 8]) for start in range(0, len(users), 8)}

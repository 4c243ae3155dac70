"""Exact counts of issues: by hour, by user, by tag. All of `times`, which includes what senders held back."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.digest.sql import as_json, database
from monitor.issues.arrival import Arrival
from monitor.issues.issue_state import IssueState

VALUES_MAX = 500
"""Of one tag of one issue; what comes after them is counted as OTHER."""
OTHER = "<other>"

ByIssue = dict[int, list[Arrival]]

_ADD_HOUR = (
    "INSERT INTO issues_issuehour (issue_id, hour, times) VALUES (?, ?, ?)"
    " ON CONFLICT (issue_id, hour) DO UPDATE SET times = times + excluded.times"
)
_ADD_USER = "INSERT INTO issues_issueuser (issue_id, user) VALUES (?, ?) ON CONFLICT DO NOTHING"
_FIND_TAGS = (
    "SELECT t.key, t.value, t.id FROM json_each(?) j CROSS JOIN issues_tagvalue t"
    " ON t.project_id = ? AND t.key = j.value ->> 0 AND t.value = j.value ->> 1"
)
_ADD_TAG_VALUE = (
    "INSERT INTO issues_tagvalue (project_id, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
)
_FIND_PAIRS = (
    "SELECT p.issue_id, p.tag_id FROM json_each(?) j CROSS JOIN issues_issuetag p"
    " ON p.issue_id = j.value ->> 0 AND p.tag_id = j.value ->> 1"
)
_COUNT_VALUES = (
    "SELECT count(*) FROM issues_issuetag p JOIN issues_tagvalue t ON t.id = p.tag_id"
    " WHERE p.issue_id = ? AND t.key = ?"
)
_ADD_TAG = (
    "INSERT INTO issues_issuetag (issue_id, tag_id, times, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (issue_id, tag_id) DO UPDATE SET times = times + excluded.times,"
    " first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)"
)


def count_hours(by_issue: ByIssue) -> None:
    """By the time of the event, not of its receipt."""
    counts: Counter[tuple[int, int]] = Counter()
    for issue_id, arrivals in by_issue.items():
        for arrival in arrivals:
            counts[issue_id, arrival.hour] += arrival.times
    database().executemany(_ADD_HOUR, [(*key, times) for key, times in sorted(counts.items())])


def count_users(by_issue: ByIssue, states: dict[int, IssueState]) -> None:
    for issue_id, arrivals in by_issue.items():
        users = {arrival.user for arrival in arrivals if arrival.user is not None}
        if users:
            cursor = database().executemany(_ADD_USER, [(issue_id, user) for user in users])
            states[issue_id].users += cursor.rowcount


@dataclass(slots=True)
class _Seen:
    times: int
    first: float
    last: float

    def add(self, times: int, first: float, last: float) -> None:
        self.times += times
        self.first, self.last = min(self.first, first), max(self.last, last)


_Tag = tuple[str, str]
_Sums = dict[tuple[int, _Tag], _Seen]


def count_tags(by_issue: ByIssue) -> None:
    by_project: dict[int, _Sums] = {}
    new_issues = {issue_id for issue_id, arrivals in by_issue.items() if any(one.is_new for one in arrivals)}
    for issue_id, arrivals in by_issue.items():
        sums = by_project.setdefault(arrivals[0].project_id, {})
        for arrival in arrivals:
            at = arrival.timestamp
            for tag in arrival.tags.items():
                _add(sums, (issue_id, tag), _Seen(arrival.times, at, at))
    for project_id, sums in by_project.items():
        _store_tags(project_id, sums, _Room(new_issues))


def _store_tags(project_id: int, sums: _Sums, room: _Room) -> None:
    ids = _tag_ids(project_id, {tag for _, tag in sums})
    known = _known_pairs((issue_id, ids[tag]) for issue_id, tag in sums if tag in ids)
    capped: _Sums = {}
    for (issue_id, tag), seen in sums.items():
        is_known = tag in ids and (issue_id, ids[tag]) in known
        if not is_known and not room.takes(issue_id, tag[0]):
            tag = (tag[0], OTHER)
        _add(capped, (issue_id, tag), seen)
    missing = {tag for _, tag in capped} - ids.keys()
    if missing:
        database().executemany(_ADD_TAG_VALUE, [(project_id, *tag) for tag in sorted(missing)])
        ids |= _tag_ids(project_id, missing)
    database().executemany(
        _ADD_TAG,
        sorted(
            (issue_id, ids[tag], seen.times, seen.first, seen.last)
            for (issue_id, tag), seen in capped.items()
        ),
    )


def _add(sums: _Sums, key: tuple[int, _Tag], seen: _Seen) -> None:
    found = sums.get(key)
    if found is None:
        sums[key] = seen
    else:
        found.add(seen.times, seen.first, seen.last)


def _tag_ids(project_id: int, tags: Iterable[_Tag]) -> dict[_Tag, int]:
    rows = database().execute(_FIND_TAGS, (as_json(tags), project_id))
    return {(row[0], row[1]): row[2] for row in rows}


def _known_pairs(pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    return set(database().execute(_FIND_PAIRS, (as_json(pairs),)))


class _Room:
    """How many further values a tag of an issue may have, in this batch. Asked for new pairs only."""

    def __init__(self, new_issues: set[int]) -> None:
        self._new = new_issues
        self._left: dict[tuple[int, str], int] = {}

    def takes(self, issue_id: int, key: str) -> bool:
        place = (issue_id, key)
        left = self._left.get(place)
        if left is None:
            left = self._left[place] = VALUES_MAX - self._count(place)
        if left <= 0:
            _full[place] = None
            while len(_full) > _FULL_MAX:
                _full.popitem(last=False)
            return False
        self._left[place] = left - 1
        return True

    def _count(self, place: tuple[int, str]) -> int:
        if place[0] in self._new:
            return 0
        if place in _full:
            return VALUES_MAX
        (count,) = database().execute(_COUNT_VALUES, place).fetchone()
        return int(count)


# Tags that had all their values the last time that anybody counted: a flood of ids as tags asks with each batch.
_full: OrderedDict[tuple[int, str], None] = OrderedDict()
_FULL_MAX = 10_000

"""From grouping hashes to issues: those that are known, and new ones for those that are not."""

from __future__ import annotations

from monitor.digest.sql import as_json, database
from monitor.issues import issue_state
from monitor.issues.arrival import Arrival
from monitor.issues.issue_state import IssueState
from monitor.issues.models import Activity, Issue, IssueHash

_FIND = (
    "SELECT h.hash, h.id, h.issue_id FROM json_each(?) j"
    " CROSS JOIN issues_issuehash h ON h.project_id = ? AND h.hash = j.value"
)
_NUMBERS = (
    "UPDATE projects_project SET next_issue_number = next_issue_number + ? WHERE id = ?"
    " RETURNING next_issue_number"
)


def assign(arrivals: list[Arrival]) -> dict[int, IssueState]:
    """Give each arrival its issue and hash, making what is missing; gives the issues as they stand, by id."""
    by_project: dict[int, list[Arrival]] = {}
    for arrival in arrivals:
        by_project.setdefault(arrival.project_id, []).append(arrival)
    for project_id, theirs in by_project.items():
        _assign_in_project(project_id, theirs)
    return issue_state.load({arrival.issue_id for arrival in arrivals})


def _assign_in_project(project_id: int, arrivals: list[Arrival]) -> None:
    known = _known(project_id, {arrival.grouping.hash for arrival in arrivals})
    unknown: dict[str, Arrival] = {}
    for arrival in arrivals:
        if arrival.grouping.hash not in known:
            unknown.setdefault(arrival.grouping.hash, arrival)
    if unknown:
        known |= _found_by_earlier_versions(project_id, unknown)
        known |= _new_issues(project_id, [one for key, one in unknown.items() if key not in known])
    for arrival in arrivals:
        arrival.hash_id, arrival.issue_id = known[arrival.grouping.hash]


def _known(project_id: int, hashes: set[str]) -> dict[str, tuple[int, int]]:
    rows = database().execute(_FIND, (as_json(hashes), project_id))
    return {row[0]: (row[1], row[2]) for row in rows}


def _found_by_earlier_versions(project_id: int, unknown: dict[str, Arrival]) -> dict[str, tuple[int, int]]:
    """An issue that an earlier version of grouping knows goes on under the new hash too."""
    earlier = {one.hash for arrival in unknown.values() for one in arrival.earlier}
    known = _known(project_id, earlier) if earlier else {}
    found = {}
    for key, arrival in unknown.items():
        issue_id = next((known[one.hash][1] for one in arrival.earlier if one.hash in known), None)
        if issue_id is not None:
            found[key] = (_new_hashes(project_id, [(arrival, issue_id)])[0], issue_id)
    return found


def _new_issues(project_id: int, arrivals: list[Arrival]) -> dict[str, tuple[int, int]]:
    if not arrivals:
        return {}
    (following,) = database().execute(_NUMBERS, (len(arrivals), project_id)).fetchone()
    issues = Issue.objects.bulk_create(
        _new_issue(arrival, number)
        for number, arrival in enumerate(arrivals, start=following - len(arrivals))
    )
    Activity.objects.bulk_create(
        Activity(issue=issue, at=arrival.received, kind="first_seen", data={"event_id": arrival.uid.hex()})
        for issue, arrival in zip(issues, arrivals, strict=True)
    )
    hash_ids = _new_hashes(
        project_id, [(arrival, issue.pk) for issue, arrival in zip(issues, arrivals, strict=True)]
    )
    found = {}
    for arrival, issue, hash_id in zip(arrivals, issues, hash_ids, strict=True):
        arrival.is_new = True
        found[arrival.grouping.hash] = (hash_id, issue.pk)
    return found


def _new_issue(arrival: Arrival, number: int) -> Issue:
    """Counts come with the arrivals."""
    return Issue(
        project_id=arrival.project_id,
        number=number,
        title=arrival.title,
        culprit=arrival.culprit,
        level=arrival.level,
        first_seen=arrival.timestamp,
        last_seen=arrival.timestamp,
    )


def _new_hashes(project_id: int, found: list[tuple[Arrival, int]]) -> list[int]:
    rows = IssueHash.objects.bulk_create(
        IssueHash(
            project_id=project_id,
            hash=arrival.grouping.hash,
            version=arrival.grouping.version,
            method=arrival.grouping.method[:40],
            issue_id=issue_id,
        )
        for arrival, issue_id in found
    )
    return [row.pk for row in rows]

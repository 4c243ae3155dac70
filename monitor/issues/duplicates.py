"""Which events have been counted before: a sender that got no answer sends again, and so does a spool after a kill."""

from __future__ import annotations

from monitor.digest.sql import rows_in
from monitor.issues.arrival import Arrival
from monitor.issues.models import sampled_key


def split(arrivals: list[Arrival]) -> tuple[list[Arrival], list[Arrival]]:
    """Those that are new, and those that came again, by event id: within the batch, and among all that is kept."""
    seen: set[bytes] = set()
    fresh: list[Arrival] = []
    again: list[Arrival] = []
    for arrival in arrivals:
        (again if arrival.uid in seen else fresh).append(arrival)
        seen.add(arrival.uid)
    known = _known(list(seen)) if seen else set()
    if not known:
        return fresh, again
    return (
        [one for one in fresh if one.uid not in known],
        again + [one for one in fresh if one.uid in known],
    )


def _known(uids: list[bytes]) -> set[bytes]:
    found = {row[0] for row in rows_in("SELECT uid FROM issues_storedevent WHERE uid IN ({})", uids)}
    by_key = {sampled_key(uid): uid for uid in uids}
    keys = list(by_key)
    found |= {by_key[row[0]] for row in rows_in("SELECT id FROM issues_sampledevent WHERE id IN ({})", keys)}
    return found

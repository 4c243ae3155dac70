"""Who had a session, told apart without saying who it was: the same hash as of events, so that one search finds both."""

from __future__ import annotations

from monitor.events.surroundings import user_key_of
from monitor.issues import arrival


def user_hash(distinct_id: str) -> bytes:
    """Of what SDKs call `did`: the user's id, or the address of who has none."""
    key = user_key_of({"id": distinct_id}, arrival.user_salt())
    return arrival.user_hash(key or "")

"""What every error and message means to the rooms that count or watch: one small fact for each event, no payload.

`subscribers` are called in the transaction that stores the events, with the facts of a batch in the order of receipt;
one that raises undoes the batch and has it halved. They must be quick, and keep what they conclude in the database.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One event, counted for the first time. Times are seconds since 1970."""

    time: float
    """When it happened, as the sender says (monitor.events.clock)."""
    received: float
    project_id: int
    issue_id: int
    uid: bytes
    is_new: bool
    """It is the first event of its issue."""
    regressed: bool
    """It has brought a resolved issue back."""
    category: str
    severity: str
    level: str
    release: str
    environment: str
    user: bytes | None
    """The user's hash."""
    handled: bool | None
    transaction: str
    tags: Mapping[str, str]
    """As they are kept for the issue: scrubbed, without ids."""
    times: int
    """How many occurrences it stands for: 1, and those that the sender held back."""


subscribers: list[Callable[[Sequence[Fact]], None]] = []
"""Filled by `monitor.digest.rooms`, the one list of who listens."""


def tell(facts: Sequence[Fact]) -> None:
    """To all subscribers, in their order."""
    if facts:
        for subscriber in subscribers:
            subscriber(facts)

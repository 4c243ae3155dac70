"""Who wants to hear of sessions and deploys as they come: alert rules subscribe here.

Observers are called in the transaction that stores them, and exactly once for each; they may write to the database and
do nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.releases.models import Deploy


@dataclass(frozen=True, slots=True)
class SessionChange:
    """So many sessions more, or such that are worse than they were counted: then `sessions` is 0.

    `started` and `received` are seconds since 1970. `errored` met an error, crashed or not.
    """

    project_id: int
    environment: str
    release: str
    started: float
    received: float
    sessions: int
    errored: int
    crashed: int


session_observers: list[Callable[[Sequence[SessionChange]], None]] = []
deploy_observers: list[Callable[[Deploy], None]] = []


def tell_sessions(changes: Sequence[SessionChange]) -> None:
    """To all observers."""
    if changes:
        for observer in session_observers:
            observer(changes)


def tell_deploy(deploy: Deploy) -> None:
    """To all observers."""
    for observer in deploy_observers:
        observer(deploy)

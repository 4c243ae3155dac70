"""Who wants to hear of figures as they come: alert rules on counters and gauges subscribe here.

Observers are called in the transaction that stores the figures, once for each batch and exactly once for each figure;
they may write to the database and do nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.metrics.reading import Labels


@dataclass(frozen=True, slots=True)
class Increment:
    """What a batch brought of one series in one minute (minutes since 1970). A gauge's figure is `last`."""

    project_id: int
    name: str
    kind: str
    environment: str
    release: str
    labels: Labels
    minute: int
    total: float
    count: int
    low: float
    high: float
    last: float
    received: float
    """When the last of it came, in seconds since 1970."""


observers: list[Callable[[Sequence[Increment]], None]] = []


def tell(increments: Sequence[Increment]) -> None:
    """To all observers."""
    if increments:
        for observer in observers:
            observer(increments)

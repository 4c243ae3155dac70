"""Who wants to hear of transactions as they come: alert rules on slow ones subscribe here.

Observers are called in the transaction that stores them, once for each batch and exactly once for each transaction;
they may write to the database and do nothing else. These are what was sampled: no rate is to be made of their number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.performance.arriving import Arrived

observers: list[Callable[[Sequence[Arrived]], None]] = []


def tell(arrivals: Sequence[Arrived]) -> None:
    """To all observers."""
    for observer in observers:
        observer(arrivals)

"""Who wants to hear of failing jobs: alert rules subscribe here.

Observers are called in the transaction that stores what they are told, so that each failure is told exactly once; they
may write to the database and do nothing else. Of muted monitors nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable

from monitor.crons.models import CronEnvironment, CronMonitor

Observer = Callable[[CronMonitor, CronEnvironment, str, float], None]
"""Called with monitor, environment, kind and when it came to be so, in seconds since 1970. The environment is as it
stands after it: `environment.is_failing` says whether the threshold of failures in a row is reached."""

MISSED, TIMEOUT, ERROR, RECOVERED = "missed", "timeout", "error", "recovered"
SUCCEEDED = "succeeded"
"""The first success after failures; `recovered` comes beside it once there were enough of them."""
SILENCED = "silenced"
"""The monitor is muted, disabled or deleted, or its environment is: nothing more will be told, so nothing is wrong."""
KINDS = (MISSED, TIMEOUT, ERROR, RECOVERED, SUCCEEDED, SILENCED)

observers: list[Observer] = []


def tell(monitor: CronMonitor, environment: CronEnvironment, kind: str, at: float) -> None:
    """To all observers, unless the monitor is muted."""
    if not monitor.is_muted or kind == SILENCED:
        for observer in observers:
            observer(monitor, environment, kind, at)

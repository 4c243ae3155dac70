"""Which rooms collect what: the one list of them. Imported by the worker when Django is set up."""

from collections.abc import Callable

from monitor.digest.collecting import Collector
from monitor.releases.collecting import SessionCollector

COLLECTORS: tuple[Callable[[], Collector], ...] = (
    # One a line: each room adds its own.
    SessionCollector,
)
"""Called once for each batch."""

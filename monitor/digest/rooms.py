"""Which rooms collect what: the one list of them. Imported by the worker when Django is set up."""

from collections.abc import Callable

from monitor.digest.collecting import Collector

COLLECTORS: tuple[Callable[[], Collector], ...] = ()
"""Called once for each batch."""

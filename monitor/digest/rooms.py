"""Which rooms collect what, and which listen to facts: the one list of them. Imported when Django is set up."""

from collections.abc import Callable, Sequence

from monitor.digest import facts
from monitor.digest.collecting import Collector
from monitor.digest.facts import Fact
from monitor.issues.collecting import IssueCollector
from monitor.stats.collecting import ClientReportCollector, RestCollector, count_events

COLLECTORS: tuple[Callable[[], Collector], ...] = (
    IssueCollector,
    ClientReportCollector,
    RestCollector,
)
"""Called once for each batch."""

SUBSCRIBERS: tuple[Callable[[Sequence[Fact]], None], ...] = (count_events,)
"""Called with the facts of each batch, in its transaction, in this order."""

facts.subscribers[:] = SUBSCRIBERS

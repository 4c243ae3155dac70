"""Which rooms collect what, and which listen to facts: the one list of them. Imported when Django is set up."""

from collections.abc import Callable, Sequence

from monitor.crons.collecting import CheckInCollector
from monitor.digest import facts
from monitor.digest.collecting import Collector
from monitor.digest.facts import Fact
from monitor.feedback.collecting import FeedbackCollector
from monitor.feedback.linking import link_facts
from monitor.issues.collecting import IssueCollector
from monitor.metrics.collecting import MetricCollector
from monitor.performance.collecting import TransactionCollector
from monitor.releases.collecting import SessionCollector, count_errors
from monitor.stats.collecting import ClientReportCollector, RestCollector, count_events

COLLECTORS: tuple[Callable[[], Collector], ...] = (
    IssueCollector,
    ClientReportCollector,
    SessionCollector,
    CheckInCollector,
    FeedbackCollector,
    MetricCollector,
    TransactionCollector,
    RestCollector,
)
"""Called once for each batch."""

SUBSCRIBERS: tuple[Callable[[Sequence[Fact]], None], ...] = (count_events, count_errors, link_facts)
"""Called with the facts of each batch, in its transaction, in this order."""

facts.subscribers[:] = SUBSCRIBERS

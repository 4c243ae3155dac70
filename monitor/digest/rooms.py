"""Which rooms collect what, and which listen to facts: the one list of them. Imported when Django is set up."""

from collections.abc import Callable, Sequence

from monitor.alerts import listening
from monitor.crons import observers as crons
from monitor.crons.collecting import CheckInCollector
from monitor.dashboards.affected import keep_affected
from monitor.digest import facts
from monitor.digest.collecting import Collector
from monitor.digest.facts import Fact
from monitor.feedback.collecting import FeedbackCollector
from monitor.feedback.linking import link_facts
from monitor.issues.collecting import IssueCollector
from monitor.metrics import observers as metrics
from monitor.metrics.collecting import MetricCollector
from monitor.performance import observers as performance
from monitor.performance.collecting import TransactionCollector
from monitor.probes import services as probes
from monitor.releases import observers as releases
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

SUBSCRIBERS: tuple[Callable[[Sequence[Fact]], None], ...] = (
    count_events,
    count_errors,
    link_facts,
    listening.hear_facts,
    keep_affected,
)
"""Called with the facts of each batch, in its transaction, in this order."""

facts.subscribers[:] = SUBSCRIBERS
metrics.observers[:] = [listening.hear_increments]
performance.observers[:] = [listening.hear_transactions]
releases.session_observers[:] = [listening.hear_sessions]
releases.deploy_observers[:] = [listening.hear_deploy]
crons.observers[:] = [listening.hear_check_in]
probes.observers[:] = [listening.hear_probe]

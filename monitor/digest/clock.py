"""What the worker does by the clock, beside the batches: the one list of it.

Each job runs in the worker's second thread, one after the other, in no transaction; it must be quick (under a second,
or in steps), may be late, and must not fall over having run twice or not at all for an hour.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from monitor.alerts import keeping as alerts_keeping
from monitor.alerts import live as alerts
from monitor.alerts.dispatch import keeping as deliveries_keeping
from monitor.crons import clock as crons_clock
from monitor.dashboards import affected as dashboards_affected
from monitor.dashboards import sharing as dashboards_sharing
from monitor.digest import positions
from monitor.feedback import linking as feedback_linking
from monitor.feedback import storing as feedback_storing
from monitor.incidents import clock as incidents_clock
from monitor.incidents import strategy_changes
from monitor.issues.ageing import age_issues
from monitor.issues.deletion import erase_deleted
from monitor.issues.escalation import wake_escalated
from monitor.metrics import keeping as metrics_keeping
from monitor.performance import keeping as performance_keeping
from monitor.probes import services as probes
from monitor.projects.publishing import publish_again
from monitor.releases import keeping as releases_keeping
from monitor.releases.rollback import calling as rollback_calling
from monitor.releases.rollback import keeping as rollback_keeping
from monitor.releases.rollback import services as rollback
from monitor.reports import keeping as reports_keeping
from monitor.reports import services as reports
from monitor.retention import jobs as retention
from monitor.stats import coarsening


@dataclass(frozen=True, slots=True)
class ClockJob:
    """`run` gets the time, in seconds since 1970, so that tests need no waiting."""

    name: str
    every_s: float
    run: Callable[[float], None]
    forgets: bool = False
    """It deletes by age, and so is given a time that cannot have jumped ahead (forgetting_time.py)."""
    at_news: bool = False
    """Not only by the clock: also as soon as this worker has stored a batch."""


JOBS: tuple[ClockJob, ...] = (
    # One a line: each room adds its own.
    ClockJob("digest.forget_positions", 3600, lambda _: positions.forget_gone(settings.SPOOL_DIRECTORY)),
    ClockJob("projects.publish", 60, publish_again),
    ClockJob("issues.age", 300, age_issues, forgets=True),
    ClockJob("issues.wake_escalated", 60, wake_escalated),
    ClockJob("issues.erase_deleted", 10, erase_deleted),
    ClockJob("retention.files", retention.FILES_EVERY_S, retention.forget_files, forgets=True),
    ClockJob("retention.rows", retention.ROWS_EVERY_S, retention.forget_rows, forgets=True),
    ClockJob("stats.coarsen", coarsening.COARSEN_EVERY_S, coarsening.coarsen, forgets=True),
    ClockJob("releases.forget_old", 3600, releases_keeping.forget_old, forgets=True),
    ClockJob("crons.judge", crons_clock.JUDGE_EVERY_S, crons_clock.judge),
    ClockJob("crons.forget_old", 3600, crons_clock.forget_old, forgets=True),
    ClockJob("probes.keep", probes.STORE_EVERY_S, probes.run),
    ClockJob("probes.forget_old", 3600, probes.forget_old, forgets=True),
    ClockJob("feedback.link_waiting", 60, feedback_linking.link_waiting),
    ClockJob("metrics.forget_old", 600, metrics_keeping.forget_old, forgets=True),
    ClockJob("performance.forget_old", 600, performance_keeping.forget_old, forgets=True),
    ClockJob("alerts.evaluate", alerts.EVALUATE_EVERY_S, alerts.evaluate, at_news=True),
    ClockJob("alerts.follow", alerts.FOLLOW_EVERY_S, alerts.follow),
    ClockJob("alerts.forget_old", 600, alerts_keeping.forget_old, forgets=True),
    ClockJob("deliveries.forget_old", 3600, deliveries_keeping.forget_old, forgets=True),
    ClockJob("incidents.notice_strategy", strategy_changes.NOTICE_EVERY_S, strategy_changes.notice),
    ClockJob("incidents.watch", incidents_clock.WATCH_EVERY_S, incidents_clock.watch),
    ClockJob("incidents.watch_reviews", incidents_clock.REVIEWS_EVERY_S, incidents_clock.watch_reviews),
    ClockJob(
        "incidents.forget_old", incidents_clock.FORGET_EVERY_S, incidents_clock.forget_old, forgets=True
    ),
    ClockJob("rollback.watch", rollback.WATCH_EVERY_S, rollback.watch),
    ClockJob("rollback.carry_out", rollback_calling.CALL_EVERY_S, rollback_calling.carry_out),
    ClockJob("rollback.forget_old", 3600, rollback_keeping.forget_old, forgets=True),
    ClockJob("reports.write", reports.EVERY_S, reports.write_due),
    ClockJob("reports.forget_old", 3600, reports_keeping.forget_old, forgets=True),
    ClockJob("feedback.forget_old", 3600, feedback_storing.forget_old, forgets=True),
    ClockJob("dashboards.forget_affected", 600, dashboards_affected.forget_old, forgets=True),
    ClockJob("dashboards.forget_links", 3600, dashboards_sharing.forget_old, forgets=True),
)

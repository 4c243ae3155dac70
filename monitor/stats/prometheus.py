"""The monitor's own figures as Prometheus reads them.

Counters are sums of what is stored, so that every process of the web server gives the same and a restart loses nothing.
They begin anew with each month (UTC): Prometheus takes that for the restart of a counter, and retention, which forgets
old counts, cannot make one run backwards in between.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.db.models import Count, Sum
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.alerts.dispatch.channel_health import channel_health
from monitor.digest.system.state import sizes, state
from monitor.issues.models import Issue
from monitor.stats.models import EventCount
from monitor.stats.outcomes import (
    ACCEPTED,
    CLIENT_DISCARD,
    DIGESTED,
    DUPLICATE,
    NOT_KEPT,
    POISON,
    REFUSED,
    SAMPLED,
)
from monitor.stats.series import start_of_month, totals_since

_COUNTERS = {
    ACCEPTED: ("hydroml_monitor_accepted", "Answered with 200 and put into the spool", ("category",)),
    REFUSED: ("hydroml_monitor_refused", "Not taken, by reason", ("category", "reason")),
    DIGESTED: ("hydroml_monitor_digested", "Stored", ("category",)),
    SAMPLED: ("hydroml_monitor_sampled", "Counted; a flood has left the payload out", ("category",)),
    DUPLICATE: ("hydroml_monitor_duplicate", "Came again, and was counted before", ("category",)),
    POISON: (
        "hydroml_monitor_poison",
        "Could not be digested and was set aside, by reason",
        ("category", "reason"),
    ),
    NOT_KEPT: ("hydroml_monitor_not_kept", "Counted, and kept by nobody", ("category", "reason")),
    CLIENT_DISCARD: (
        "hydroml_monitor_client_discard",
        "What clients say that they dropped themselves",
        ("category", "reason"),
    ),
}


class _Figures(Collector):
    """Read at each scrape."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._since = start_of_month(now)

    def collect(self) -> Iterator[Metric]:
        yield from self._outcomes()
        yield self._events()
        yield self._issues()
        yield self._notifications()
        yield from self._digest()
        size = GaugeMetricFamily("hydroml_monitor_size_bytes", "On disk", labels=("part",))
        for part in sizes():
            size.add_metric([part.name.lower()], part.bytes)
        yield size

    def _outcomes(self) -> Iterator[Metric]:
        totals = totals_since(self._since)
        for outcome, (name, words, labels) in _COUNTERS.items():
            family = CounterMetricFamily(name, f"{words}; since the start of the month", labels=labels)
            sums: dict[tuple[str, ...], int] = {}
            for (found, category, reason), quantity in totals.items():
                if found == outcome:
                    key = (category, reason)[: len(labels)]
                    sums[key] = sums.get(key, 0) + quantity
            for key, quantity in sorted(sums.items()):
                family.add_metric(key, quantity, created=self._since.timestamp())
            yield family

    def _events(self) -> Metric:
        family = CounterMetricFamily(
            "hydroml_monitor_events",
            "Errors and messages by the strategy's category; since the start of the month",
            labels=("category", "severity"),
        )
        rows = EventCount.objects.filter(minute__gte=int(self._since.timestamp()) // 60)
        for category, severity, times in (
            rows.values_list("category", "severity").annotate(Sum("times")).order_by("category", "severity")
        ):
            family.add_metric((category, severity), times, created=self._since.timestamp())
        return family

    @staticmethod
    def _issues() -> Metric:
        family = GaugeMetricFamily(
            "hydroml_monitor_issues", "Issues by status and severity", labels=("status", "severity")
        )
        rows = Issue.objects.order_by("status", "severity").values_list("status", "severity")
        for status, severity, number in rows.annotate(Count("pk")):
            family.add_metric((status, severity), number)
        return family

    @staticmethod
    def _notifications() -> Metric:
        family = GaugeMetricFamily(
            "hydroml_monitor_notifications",
            "Waiting; else of those made in the last 24 h",
            labels=("channel", "state"),
        )
        for health in channel_health(time.time()):
            for name, number in (
                ("waiting", health.waiting),
                ("sent", health.sent),
                ("failed", health.failed),
            ):
                family.add_metric((health.name, name), number)
        return family

    @staticmethod
    def _digest() -> Iterator[Metric]:
        now = state()
        for name, words, value in (
            ("spool_segments", "Segments that wait to be digested", now.queue.segments),
            ("spool_bytes", "Bytes that wait to be digested", now.queue.bytes),
            ("spool_oldest_seconds", "Age of the oldest segment that waits", now.queue.oldest_age_s),
            ("workers", "Workers that live", len(now.workers)),
            ("up_to_date", "1 while nothing needs somebody, else 0", 0 if now.problem else 1),
            ("digest_lag_seconds", "From its receipt to its storing, of the newest record", now.lag_s),
            ("last_batch_age_seconds", "Since the last batch was stored", now.last_batch_age_s),
            ("damaged_bytes", "Of the spool, read and found broken, ever", now.damaged_bytes),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"hydroml_monitor_{name}", words, value)


def exposition(*, now: datetime | None = None) -> bytes:
    """In the text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(now or datetime.now(UTC)))
    information = GaugeMetricFamily(
        "hydroml_monitor_info", "Which monitor this is", labels=("version", "organization")
    )
    information.add_metric((settings.VERSION, settings.ORGANIZATION), 1)
    registry.register(_Fixed(information))
    return generate_latest(registry)


class _Fixed(Collector):
    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterator[Metric]:
        yield self._metric

"""History is told to nobody: while it is made, no alert rule hears of it as if it happened now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from monitor.crons import observers as crons
from monitor.dashboards.affected import keep_affected
from monitor.digest import facts
from monitor.digest.facts import Fact
from monitor.feedback.linking import link_facts
from monitor.metrics import observers as metrics
from monitor.performance import observers as performance
from monitor.probes import services as probes
from monitor.releases import observers as releases
from monitor.releases.collecting import count_errors
from monitor.stats.collecting import count_events

_HEARERS: tuple[list[Any], ...] = (
    metrics.observers, performance.observers, crons.observers, probes.observers, releases.session_observers,
    releases.deploy_observers,
)  # fmt: skip


@contextmanager
def unheard() -> Iterator[list[Fact]]:
    """Gives a list that fills with the facts of all events that are stored meanwhile."""
    told: list[Fact] = []
    before = [(hearers, hearers[:]) for hearers in (facts.subscribers, *_HEARERS)]
    facts.subscribers[:] = [count_events, count_errors, link_facts, keep_affected, told.extend]
    for hearers in _HEARERS:
        hearers.clear()
    try:
        yield told
    finally:
        for hearers, saved in before:
            hearers[:] = saved

"""What the tests of objectives share: traffic of so many requests a minute, of which some go wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import pytest

from monitor.metrics.selectors import Where
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric

Minute = tuple[float, int, int]
"""Seconds since 1970, how many requests, and how many of them were answered with 500."""
Traffic = Callable[[Iterable[Minute]], None]


@pytest.fixture
def now() -> float:
    """Some seconds into a minute that is not long ago: minutes are kept of the days before it."""
    return time.time() // 60 * 60 - 3600 + 37


@pytest.fixture
def here(project: Project) -> Where:
    return Where([project.pk], environment="production")


@pytest.fixture
def traffic(deliver: Delivery) -> Traffic:
    def send(minutes: Iterable[Minute]) -> None:
        sent = []
        for at, total, bad in minutes:
            sent.append(metric("requests", total - bad, at, route="projects/", status="200"))
            if bad:
                sent.append(metric("requests", bad, at, route="data/", status="500"))
        for start in range(0, len(sent), 200):
            deliver(item(*sent[start : start + 200]))

    return send

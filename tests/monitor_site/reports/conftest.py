from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from monitor.projects.models import Project
from monitor.reports.models import Kind, Report
from monitor.reports.periods import Period, latest_due
from monitor.reports.services import write, zone
from monitor.site.strategy_file import current_strategy
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric


@dataclass
class Past:
    """What came on the day that the last digest is of."""

    project: Project
    deliver: Delivery

    def period(self, kind: Kind = Kind.DAILY) -> Period:
        return latest_due(kind, current_strategy().digest, zone(), time.time())

    @property
    def noon(self) -> float:
        return self.period().since + 12 * 3600

    def error(
        self, kind: str = "KeyError", *, at: float | None = None, times: int = 1, severity: str = "P2"
    ) -> None:
        for number in range(times):
            when = (at or self.noon) + number
            self.deliver(
                {
                    "exception": {"values": [{"type": kind, "value": "rain_mm"}]},
                    "timestamp": when,
                    "user": {"id": str(number)},
                    "release": "hydroml@1.0.0",
                    "environment": "production",
                    "tags": {"category": "programming", "severity": severity},
                },
                received=when,
            )

    def requests(self, number: int, failed: int, *, at: float | None = None) -> None:
        when = at or self.noon
        figures = [
            metric("requests", quantity, when, route="projects/", status=status)
            for status, quantity in (("200", number - failed), ("500", failed))
            if quantity
        ]
        self.deliver(item(*figures), received=when)

    def written(self, kind: Kind = Kind.DAILY) -> Report:
        report = write(self.period(kind), time.time())
        assert report is not None
        return report


@pytest.fixture
def past(project: Project, deliver: Delivery) -> Past:
    return Past(project, deliver)


@pytest.fixture
def opens(as_member: Client) -> Callable[[str], str]:
    """The text of a page, as a member sees it."""

    def get(address: str) -> str:
        answer = as_member.get(address)
        assert answer.status_code == 200, answer.status_code
        return answer.text

    return get

"""What the tests of dashboards share: a history of two days, and pages in a browser."""

from __future__ import annotations

import time

import pytest

from tests.monitor_site.dashboards import history
from tests.monitor_site.delivering import Delivery


@pytest.fixture
def two_days(deliver: Delivery) -> float:
    """Gives its end, in seconds since 1970."""
    now = time.time()
    history.make(deliver, now, days=2)
    return now

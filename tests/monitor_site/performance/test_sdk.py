"""What sentry-sdk itself sends, from its envelopes to the figures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from monitor.metrics.selectors import Where, quantiles, requests_by
from monitor.performance.figures import latency
from monitor.performance.models import QueryFinding, TransactionBucket, TransactionGroup
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery


class _Kept(Transport):
    """Keeps what would have left the process."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        super().__init__(options)
        self.envelopes: list[bytes] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope.serialize())


@pytest.fixture
def sent() -> Iterator[list[bytes]]:
    """A client of its own, bound to this test's scope alone."""
    transport = _Kept()
    client = sentry_sdk.Client(
        dsn="http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1",
        transport=transport,
        traces_sample_rate=1.0,
        release="shop@1.0.0",
        environment="production",
        default_integrations=False,
        auto_enabling_integrations=False,
    )
    with sentry_sdk.isolation_scope() as isolation, sentry_sdk.new_scope() as scope:
        isolation.set_client(client)
        scope.set_client(client)
        yield transport.envelopes
        client.close()


def test_transactions_and_metrics_of_the_sdk_arrive(
    deliver: Delivery, project: Project, sent: list[bytes]
) -> None:
    since = time.time()
    with sentry_sdk.start_transaction(op="http.server", name="/rivers/{pk}/", source="route") as transaction:
        for number in range(6):
            with sentry_sdk.start_span(op="db", name=f"SELECT * FROM stations WHERE id = {number}"):
                pass
        transaction.set_status("internal_error")
    sentry_sdk.metrics.count("requests", 3, attributes={"route": "rivers/<int:pk>/", "status": "500"})
    sentry_sdk.metrics.distribution("training_time_s", 4.0, unit="second")
    sentry_sdk.get_client().flush()
    deliver(*sent)
    deliver(*sent)
    group = TransactionGroup.objects.get()
    assert (group.name, group.op, group.environment, group.is_task) == (
        "/rivers/{pk}/",
        "http.server",
        "production",
        False,
    )
    bucket = TransactionBucket.objects.get(step=60)
    assert (bucket.count, bucket.failed) == (1, 1)
    assert bucket.database_ms > 0
    finding = QueryFinding.objects.get()
    assert (finding.spans, finding.statement.text) == (6, "SELECT * FROM stations WHERE id = ?")
    where = Where([project.pk], environment="production", release="shop@1.0.0")
    until = time.time() + 1
    assert requests_by(where, since, until, by=("route", "status")) == {("rivers/<int:pk>/", "500"): 3}
    assert quantiles(where, "training_time_s", since, until, [0.5]) == [pytest.approx(4, rel=0.011)]


def test_latency_for_rules_is_of_requests_alone(
    deliver: Delivery, project: Project, sent: list[bytes]
) -> None:
    for op, name in (("http.server", "/a/"), ("queue.task.celery", "tasks.a")):
        with sentry_sdk.start_transaction(op=op, name=name, source="route"):
            pass
    sentry_sdk.get_client().flush()
    deliver(*sent)
    now = datetime.now(UTC)
    value, number = latency([project.pk], 0.95, now - timedelta(minutes=10), now + timedelta(minutes=1))
    assert number == 1
    assert value is not None

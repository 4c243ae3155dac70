"""What sentry-sdk itself sends, taken in: check-ins and sessions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.crons import monitor as monitored
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from monitor.crons.models import CheckIn, CronMonitor
from monitor.releases.models import Release, ReleaseHour, ReleaseUser
from tests.monitor_site.delivering import Delivery


class Wire(Transport):
    """Keeps the bytes of each envelope that the SDK sends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope.serialize())


@pytest.fixture
def wire() -> Iterator[Wire]:
    found = Wire()
    client = sentry_sdk.Client(
        dsn="http://key@127.0.0.1/1",
        transport=found,
        release="shop@1.0.0",
        environment="staging",
        default_integrations=False,
        auto_session_tracking=False,
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        yield found
    client.close()


CONFIG: Any = {
    "schedule": {"type": "interval", "value": 2, "unit": "hour"},
    "timezone": "Europe/Berlin",
    "checkin_margin": 5,
    "max_runtime": 10,
}


def test_a_monitored_function(wire: Wire, deliver: Delivery) -> None:
    @monitored("nightly sums", monitor_config=CONFIG)
    def job(fails: bool) -> None:
        if fails:
            raise ValueError("boom")

    job(False)
    with pytest.raises(ValueError, match="boom"):
        job(True)
    assert len(wire.sent) == 4
    deliver(*wire.sent)
    good, bad = CheckIn.objects.order_by("pk")
    assert (good.status, bad.status) == ("ok", "error")
    assert good.duration is not None
    assert (good.environment.name, good.release) == ("staging", "shop@1.0.0")
    cron = CronMonitor.objects.get()
    assert (cron.slug, cron.name, cron.timezone) == ("nightly-sums", "nightly sums", "Europe/Berlin")
    assert cron.schedule is not None
    assert cron.schedule.words() == "Every 2 hours"
    assert (cron.checkin_margin, cron.max_runtime) == (5, 10)


def test_sessions_of_requests_and_of_applications(wire: Wire, deliver: Delivery) -> None:
    scope = sentry_sdk.get_isolation_scope()
    client = sentry_sdk.get_client()
    for errors in (0, 1):
        scope.start_session(session_mode="request")
        if errors:
            assert scope._session is not None
            scope._session.update(errors=1)
        scope.end_session()
    scope.set_user({"id": "17"})
    scope.start_session(session_mode="application")
    assert scope._session is not None
    scope._session.update(status="crashed")
    scope.end_session()
    client.flush()
    deliver(*wire.sent)
    hour = ReleaseHour.objects.get()
    assert (hour.sessions, hour.errored, hour.crashed, hour.environment) == (3, 1, 1, "staging")
    assert hour.release == Release.objects.get(version="shop@1.0.0")
    assert ReleaseUser.objects.get().crashed


def test_a_check_in_by_hand_under_one_id(wire: Wire, deliver: Delivery) -> None:
    run = uuid.uuid4().hex
    sentry_sdk.crons.capture_checkin("backup", run, "in_progress")
    sentry_sdk.crons.capture_checkin("backup", run, "ok", duration=12.5)
    deliver(*wire.sent)
    assert (CheckIn.objects.get().status, CheckIn.objects.get().duration) == ("ok", 12.5)

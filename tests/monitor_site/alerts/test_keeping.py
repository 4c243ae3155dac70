"""What the rules found, and what people were told of it, goes after `[retention] incidents`, and leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.access.models import User
from monitor.alerts import keeping, muting
from monitor.alerts.dispatch.models import DeliveryAttempt, OutboxMessage
from monitor.alerts.models import Episode, Mute, Notification
from monitor.incidents import clock
from monitor.incidents.models import Incident
from monitor.site import strategy_file
from tests.monitor_site.alerts.clocked import START, Clocked
from tests.monitor_site.alerts.conftest import STRATEGY, UseRules

DAY = 86_400.0


@pytest.fixture
def told(clocked: Clocked, use_rules: UseRules) -> Clocked:
    """The database fails for a minute, without and with people being told, and fails again later."""
    use_rules("database")
    clocked.at(0)
    clocked.error(1)
    clocked.at(2)
    for row in Notification.objects.all():
        DeliveryAttempt.objects.create(notification=row, at=START, outcome="sent")
        OutboxMessage.objects.create(notification=row, at=START, kind="slack", payload={})
    clocked.at(62)
    assert Incident.objects.get().state == "resolved"
    return clocked


def test_episodes_messages_and_incidents_are_kept_for_as_long_as_the_strategy_says(told: Clocked) -> None:
    kept_s = STRATEGY.retention.incidents_s
    for forget_old in (keeping.forget_old, clock.forget_old):
        forget_old(START + kept_s - DAY)
    assert (Episode.objects.count(), Incident.objects.count()) == (1, 1)
    assert Notification.objects.exists()
    for forget_old in (keeping.forget_old, clock.forget_old):
        forget_old(START + kept_s + DAY)
    for table in (Episode, Incident, Notification, DeliveryAttempt, OutboxMessage):
        assert not table.objects.exists(), table  # type: ignore[attr-defined]


def test_also_where_incidents_are_kept_for_less_than_what_was_tried_to_send(
    told: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = replace(STRATEGY, retention=replace(STRATEGY.retention, incidents_s=5 * DAY))
    monkeypatch.setattr(strategy_file, "_loaded", lambda path, changed_at: strategy)
    keeping.forget_old(START + 4 * DAY)
    assert Episode.objects.count() == 1
    keeping.forget_old(START + 6 * DAY)
    assert not Episode.objects.exists()
    assert not DeliveryAttempt.objects.filter(notification__episode__isnull=False).exists()
    clock.forget_old(START + 6 * DAY)
    assert not Notification.objects.exists()


def test_what_is_open_stays_however_old(told: Clocked) -> None:
    Episode.objects.update(ended_at=None)
    Incident.objects.update(state="triggered", resolved_at=None)
    later = START + 2 * STRATEGY.retention.incidents_s
    keeping.forget_old(later)
    clock.forget_old(later)
    assert (Episode.objects.count(), Incident.objects.count()) == (1, 1)
    assert Notification.objects.exists()


def test_mutes_go_too(told: Clocked, admin: User) -> None:
    muting.mute("database", by=admin, until=START + DAY, reason="It moves.", now=START)
    keeping.forget_old(START + STRATEGY.retention.incidents_s)
    assert Mute.objects.count() == 1
    keeping.forget_old(START + STRATEGY.retention.incidents_s + 2 * DAY)
    assert not Mute.objects.exists()

"""What is forgotten of deliveries by age, and what of a person."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from monitor.access import persons
from monitor.alerts.dispatch import keeping
from monitor.alerts.dispatch.dispatcher import Dispatcher
from monitor.alerts.dispatch.models import DeliveryAttempt, OutboxMessage
from monitor.alerts.models import Episode, Notification
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from monitor.stats.prometheus import exposition
from tests.monitor_site.deliveries.conftest import settle
from tests.monitor_site.deliveries.messages import NOW, queued

pytestmark = pytest.mark.django_db
DAY = 86_400.0


def test_the_outbox_is_emptied_after_a_week_and_the_rest_goes_with_the_events(
    settings: Settings, dispatcher: Dispatcher, project: Project
) -> None:
    settings.OUTBOX = True
    episode = Episode.objects.create(
        rule="r", key="k", title="t", severity="P0", project=project, environment="production", began_at=NOW,
        value=1, worst=1,
    )  # fmt: skip
    of_alert, alone = queued("slack"), queued("slack", once="report", thread="")
    Notification.objects.filter(pk=of_alert.pk).update(episode=episode)
    settle(dispatcher, NOW)
    keeping.forget_old(NOW + 6 * DAY)
    assert OutboxMessage.objects.count() == 2
    keeping.forget_old(NOW + 8 * DAY)
    assert OutboxMessage.objects.count() == 0
    assert DeliveryAttempt.objects.count() == 2
    kept_s = current_strategy().retention.events_s
    keeping.forget_old(NOW + kept_s + DAY)
    assert list(Notification.objects.values_list("pk", flat=True)) == [of_alert.pk]
    assert DeliveryAttempt.objects.count() == 0
    assert Notification.objects.filter(pk=alone.pk).count() == 0


def test_what_still_waits_is_not_forgotten() -> None:
    queued("slack", now=NOW)
    keeping.forget_old(NOW + 1000 * DAY)
    assert Notification.objects.count() == 1


def test_the_outbox_holds_no_more_than_the_newest(
    settings: Settings, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOX = True
    monkeypatch.setattr(keeping, "_OUTBOX_MAX", 3)
    for number in range(5):
        queued("slack", once=f"n{number}", thread=f"t{number}")
    settle(dispatcher, NOW)
    newest = list(OutboxMessage.objects.order_by("-pk").values_list("pk", flat=True)[:3])
    keeping.forget_old(NOW + 1)
    assert list(OutboxMessage.objects.order_by("-pk").values_list("pk", flat=True)) == newest


def test_a_person_is_taken_out_of_what_was_told(
    settings: Settings, dispatcher: Dispatcher, project: Project
) -> None:
    settings.OUTBOX = True
    row = queued(
        "slack", text="user person-4711 of 3", facts=(("User", "person-4711"), ("Other", "person-47110"))
    )
    settle(dispatcher, NOW)
    persons.erase("person-4711", "a test")
    row.refresh_from_db()
    told = f"{row.message} {OutboxMessage.objects.get().payload}"
    assert "person-4711 " not in told
    assert "'person-4711'" not in told
    assert "person-47110" in told
    assert "user [erased] of 3" in told


def test_what_failed_and_waits_is_a_figure() -> None:
    queued("slack", now=NOW)
    Notification.objects.update(state="failed")
    queued("slack", once="another")
    text = exposition().decode()
    assert 'hydroml_monitor_notifications{channel="slack",state="waiting"} 1.0' in text
    # Its time is in the future, so it counts as of the last day.
    assert 'hydroml_monitor_notifications{channel="slack",state="failed"} 1.0' in text

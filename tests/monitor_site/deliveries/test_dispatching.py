"""What is sent when, tried again when, in which order, and what is written down of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django.fixtures import Settings

from monitor.alerts.dispatch import claiming
from monitor.alerts.dispatch.circuit import FAILURES_UNTIL_OPEN
from monitor.alerts.dispatch.claiming import GIVES_UP_AFTER_S, INTERRUPTED_MAX, claim, key_of, release_all
from monitor.alerts.dispatch.dispatcher import Dispatcher
from monitor.alerts.dispatch.models import ChannelState, DeliveryAttempt, OutboxMessage
from monitor.alerts.messages import Kind
from monitor.alerts.models import Notification
from monitor.digest.stopping import Stop
from tests.monitor_site.deliveries.conftest import Channels, settle
from tests.monitor_site.deliveries.messages import NOW, queued
from tests.monitor_site.deliveries.receivers import Got, Receiver, Reply

pytestmark = pytest.mark.django_db
SECRET = "a-signing-secret"


@pytest.fixture
def hook(channels: Channels, receiver: Receiver) -> Receiver:
    """The channel `webhook` leads to it."""
    channels(webhook={"url": f"{receiver.url}/hook", "credential": SECRET, "attempts": 3})
    return receiver


def tries(row: Notification) -> list[str]:
    return list(row.tries.order_by("pk").values_list("outcome", flat=True))


def test_what_is_due_is_sent_once_and_the_try_is_kept(hook: Receiver, dispatcher: Dispatcher) -> None:
    row = queued("webhook")
    later = queued("webhook", once="later", thread="other", now=NOW + 60)
    settle(dispatcher, NOW + 1)
    settle(dispatcher, NOW + 2)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.sent_at.timestamp()) == ("sent", 1, NOW + 1)
    assert row.answer == {"webhook_id": key_of(row)}
    assert [body["data"]["title"] for body in hook.bodies] == ["Database connections fail"]
    [attempt] = row.tries.all()
    assert (attempt.outcome, attempt.at.timestamp(), attempt.detail) == ("sent", NOW + 1, "")
    assert attempt.took_ms is not None
    assert Notification.objects.get(pk=later.pk).state == "waiting"


def test_a_failure_is_tried_again_further_and_further_apart_and_in_the_end_shown(
    hook: Receiver, dispatcher: Dispatcher
) -> None:
    hook.answers = lambda got: Reply(503, b"away")
    row = queued("webhook")
    now, waits = NOW, []
    for _ in range(3):
        settle(dispatcher, now)
        row.refresh_from_db()
        waits.append(row.not_before.timestamp() - now)
        now = max(now, row.not_before.timestamp())
    assert 0.5 <= waits[0] <= 1.5
    assert 2 <= waits[1] <= 6
    assert (row.state, row.attempts, row.problem) == ("failed", 3, "503: away")
    assert tries(row) == ["failed"] * 3
    settle(dispatcher, now + 10_000)
    assert len(hook.got) == 3
    assert len({got.headers["webhook-id"] for got in hook.got}) == 1


def test_what_the_receiver_refuses_for_what_it_is_is_not_tried_again(
    hook: Receiver, dispatcher: Dispatcher
) -> None:
    hook.answers = lambda got: Reply(400, b"no such field")
    row = queued("webhook")
    settle(dispatcher, NOW)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.problem) == ("failed", 1, "400: no such field")
    assert ChannelState.objects.get().failures == 0


def test_a_receiver_that_asks_to_wait_is_left_alone_by_all_and_the_try_is_not_counted(
    hook: Receiver, dispatcher: Dispatcher
) -> None:
    hook.answers = lambda got: Reply(429, b"slowly", {"Retry-After": "30"})
    first = queued("webhook", thread="a")
    settle(dispatcher, NOW)
    first.refresh_from_db()
    assert (first.state, first.attempts, tries(first)) == ("waiting", 0, ["throttled"])
    assert first.not_before.timestamp() >= NOW + 30
    hook.answers = lambda got: Reply()
    second = queued("webhook", thread="b")
    settle(dispatcher, NOW + 29)
    assert tries(second) == []
    settle(dispatcher, NOW + 31)
    assert [tries(first), tries(second)] == [["throttled", "sent"], ["sent"]]


def test_nobody_is_asked_to_wait_for_ever(hook: Receiver, dispatcher: Dispatcher) -> None:
    hook.answers = lambda got: Reply(429, b"slowly", {"Retry-After": "1"})
    row = queued("webhook")
    settle(dispatcher, NOW)
    settle(dispatcher, NOW + GIVES_UP_AFTER_S / 2)
    for number in range(3):
        settle(dispatcher, NOW + GIVES_UP_AFTER_S + 3600 * number)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 3)


def test_of_a_thread_nothing_overtakes_what_was_before_it(hook: Receiver, dispatcher: Dispatcher) -> None:
    answered = iter([503])
    hook.answers = lambda got: Reply(next(answered, 200))
    fired = queued("webhook")
    resolved = queued("webhook", Kind.RESOLVED)
    other = queued("webhook", Kind.RESOLVED, thread="another")
    settle(dispatcher, NOW)
    assert {tries(other)[0], tries(fired)[0]} <= {"failed", "sent"}
    assert tries(resolved) == [] or tries(fired) == ["sent"]
    settle(dispatcher, NOW + 2)
    settle(dispatcher, NOW + 4)
    types = [body["type"] for body in hook.bodies if body["data"]["thread"] == "episode:17"]
    assert types[-2:] == ["alert.fired", "alert.resolved"]
    assert types.count("alert.resolved") == 1


def test_what_waits_for_the_end_of_quiet_hours_holds_up_nothing_of_its_thread(
    hook: Receiver, dispatcher: Dispatcher
) -> None:
    nuisance = queued("webhook", once="p3", now=NOW + 36_000)
    worse = queued("webhook", once="p0")
    settle(dispatcher, NOW + 1)
    assert [tries(nuisance), tries(worse)] == [[], ["sent"]]


def test_a_fire_that_has_failed_for_good_does_not_hold_up_the_resolve(
    hook: Receiver, dispatcher: Dispatcher
) -> None:
    answered = iter([400])
    hook.answers = lambda got: Reply(next(answered, 200))
    queued("webhook")
    resolved = queued("webhook", Kind.RESOLVED)
    settle(dispatcher, NOW)
    assert tries(resolved) == ["sent"]


def test_a_hanging_receiver_holds_up_no_other_channel(
    channels: Channels, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    free = threading.Event()

    def answers(got: Got) -> Reply:
        if got.path == "/hangs":
            free.wait(60)
        return Reply()

    receiver.answers = answers
    channels(
        webhook={"url": f"{receiver.url}/hangs", "credential": SECRET, "timeout_s": 60},
        slack={"url": f"{receiver.url}/quick"},
    )
    held = [queued("webhook", thread=f"t{number}") for number in range(20)]
    told = [queued("slack", thread=f"t{number}") for number in range(20)]
    until = time.monotonic() + 60
    try:
        while Notification.objects.filter(channel="slack", state="sent").count() < len(told):
            assert time.monotonic() < until
            dispatcher.step(NOW)
            dispatcher.wait(0.05)
        assert Notification.objects.filter(channel="webhook", state="waiting").count() == len(held)
        # No more of one channel at once than it bears.
        assert DeliveryAttempt.objects.filter(outcome="under_way").count() == 4
    finally:
        free.set()
        settle(dispatcher, NOW)


def test_a_dead_channel_is_left_alone_without_using_up_tries(hook: Receiver, dispatcher: Dispatcher) -> None:
    hook.answers = lambda got: Reply(502, b"gone")
    rows = [queued("webhook", thread=f"t{number}") for number in range(60)]
    settle(dispatcher, NOW)
    asked = len(hook.got)
    # Those that were under way when the tenth failed come on top.
    assert FAILURES_UNTIL_OPEN <= asked < FAILURES_UNTIL_OPEN + 4
    state = ChannelState.objects.get(channel="webhook")
    assert state.paused_until is not None
    assert state.problem == "502: gone"
    settle(dispatcher, state.paused_until.timestamp() + 0.001)
    # One, to see; and then a longer pause.
    assert len(hook.got) == asked + 1
    assert ChannelState.objects.get().pause_s == 2 * state.pause_s
    hook.answers = lambda got: Reply()
    for later in range(1, 6):
        settle(dispatcher, NOW + 100 * later)
    assert Notification.objects.filter(state="sent").count() == len(rows)
    assert ChannelState.objects.get().failures == 0


def test_what_a_dead_channel_did_not_take_within_a_day_is_shown_as_failed(
    hook: Receiver, dispatcher: Dispatcher
) -> None:
    ChannelState.objects.create(
        channel="webhook", failures=50, pause_s=60, paused_until=NOW + 2 * GIVES_UP_AFTER_S
    )
    row = queued("webhook")
    settle(dispatcher, NOW + GIVES_UP_AFTER_S - 1)
    assert Notification.objects.get(pk=row.pk).state == "waiting"
    settle(dispatcher, NOW + GIVES_UP_AFTER_S + 1)
    row.refresh_from_db()
    assert (row.state, row.problem[:35]) == ("failed", "The channel has not answered for a ")
    assert hook.got == []


def test_a_channel_that_is_not_set_up_withdraws_and_says_why(dispatcher: Dispatcher) -> None:
    rows = [queued("slack"), queued("nowhere")]
    settle(dispatcher, NOW)
    for row in rows:
        row.refresh_from_db()
    assert [row.state for row in rows] == ["withdrawn", "withdrawn"]
    assert rows[0].problem == "The channel is not set up: SENTRY_SLACK_ALERTS_ENABLED is off."
    assert rows[1].problem == "The strategy has no channel of this name any more."


def test_a_channel_that_is_not_told_of_the_end_withdraws_it(
    channels: Channels, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    channels(webhook={"url": receiver.url, "credential": SECRET, "tells_resolved": False})
    queued("webhook")
    resolved = queued("webhook", Kind.RESOLVED)
    settle(dispatcher, NOW)
    assert [body["type"] for body in receiver.bodies] == ["alert.fired"]
    assert Notification.objects.get(pk=resolved.pk).state == "withdrawn"


def test_the_outbox_takes_what_has_no_channel_drawn_as_it_would_be_sent(
    channels: Channels, receiver: Receiver, dispatcher: Dispatcher, settings: Settings
) -> None:
    settings.OUTBOX = True
    channels(webhook={"url": receiver.url, "credential": SECRET})
    rows = {
        name: queued(name)
        for name in ("slack", "email", "pagerduty", "discord", "github", "apprise", "webhook")
    }
    settle(dispatcher, NOW)
    kept = {one.kind: one for one in OutboxMessage.objects.all()}
    # The webhook is set up, so it is really sent.
    assert set(kept) == set(rows) - {"webhook"}
    assert len(receiver.got) == 1
    assert kept["slack"].payload["blocks"][0]["type"] == "header"
    assert kept["email"].payload["subject"] == "[P0] Database connections fail (production)"
    assert kept["pagerduty"].payload["event_action"] == "trigger"
    assert set(Notification.objects.values_list("state", flat=True)) == {"sent"}
    queued("github", Kind.ESCALATED)
    queued("email", Kind.RESOLVED)
    settle(dispatcher, NOW + 1)
    again = list(OutboxMessage.objects.order_by("pk"))[-2:]
    comment = next(one for one in again if one.kind == "github")
    assert comment.payload["number"] == kept["github"].pk
    mail = next(one for one in again if one.kind == "email")
    assert mail.payload["headers"]["In-Reply-To"] == kept["email"].payload["headers"]["Message-ID"]


def test_what_a_crash_cut_off_goes_again_under_the_same_key(hook: Receiver, dispatcher: Dispatcher) -> None:
    row = queued("webhook")
    [errand] = claim(NOW, {})
    assert claim(NOW + 1, {}) == []
    assert tries(row) == ["under_way"]
    # Here the worker dies.
    assert release_all() == 1
    settle(dispatcher, NOW + 2)
    assert tries(row) == ["interrupted", "sent"]
    assert hook.got[0].headers["webhook-id"] == errand.letter.key == key_of(row)
    assert Notification.objects.get(pk=row.pk).attempts == 1


def test_a_claim_that_nobody_released_lapses(hook: Receiver, dispatcher: Dispatcher) -> None:
    row = queued("webhook")
    claim(NOW, {})
    settle(dispatcher, NOW + 30)
    assert hook.got == []
    settle(dispatcher, NOW + 81)
    assert len(hook.got) == 1
    assert Notification.objects.get(pk=row.pk).state == "sent"


def test_a_message_that_kills_the_worker_is_not_tried_for_ever(hook: Receiver) -> None:
    row = queued("webhook")
    for number in range(INTERRUPTED_MAX):
        assert len(claim(NOW + number, {})) == 1
        release_all()
    assert claim(NOW + 100, {}) == []
    row.refresh_from_db()
    assert row.state == "failed"
    assert "5 times" in row.problem


def test_a_channel_that_raises_anything_fails_that_try_alone(
    hook: Receiver, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"cannot reach {hook.url}/hook with {SECRET}")

    monkeypatch.setattr("monitor.alerts.channels.webhook.post", breaks)
    row = queued("webhook")
    settle(dispatcher, NOW)
    row.refresh_from_db()
    assert row.problem == "RuntimeError: cannot reach [secret] with [secret]"
    assert SECRET not in caplog.text
    assert f"{hook.url}/hook" not in caplog.text
    assert "webhook.py" in caplog.text


def test_what_came_back_is_kept_until_the_database_takes_it(
    hook: Receiver, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = queued("webhook")
    dispatcher.step(NOW)
    from monitor.alerts.dispatch import dispatcher as module

    real, failures = module.mark, iter([True, True])

    def locked(*args: Any) -> None:
        if next(failures, False):
            raise OperationalError("database is locked")
        real(*args)

    monkeypatch.setattr(module, "mark", locked)
    failed = 0
    until = time.monotonic() + 60
    while not dispatcher.is_idle:
        assert time.monotonic() < until
        dispatcher.wait(0.05)
        try:
            dispatcher.step(NOW)
        except OperationalError:
            failed += 1
    assert failed == 2
    assert Notification.objects.get(pk=row.pk).state == "sent"
    assert len(hook.got) == 1


def test_a_secret_that_the_receiver_sends_back_is_neither_stored_nor_logged(
    hook: Receiver, dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    hook.answers = lambda got: Reply(500, f"you sent {SECRET} to {hook.url}/hook".encode())
    row = queued("webhook")
    settle(dispatcher, NOW)
    row.refresh_from_db()
    assert row.problem == "500: you sent [secret] to [secret]"
    assert SECRET not in str(list(DeliveryAttempt.objects.values()) + list(ChannelState.objects.values()))
    assert SECRET not in caplog.text


def test_the_key_of_a_notification_never_changes_and_is_no_other_ones() -> None:
    rows = [queued("webhook"), queued("slack"), queued("webhook", once="other")]
    keys = [key_of(row) for row in rows]
    assert len(set(keys)) == 3
    Notification.objects.update(attempts=4, not_before=NOW + 99)
    assert [key_of(row) for row in Notification.objects.order_by("pk")] == keys


def test_looking_for_what_is_due_costs_no_walk_along_the_table(hook: Receiver) -> None:
    plan = claiming._due("webhook", NOW).explain()
    assert "SCAN" not in plan, plan
    assert "notification_of_channel" in plan or "notification_due" in plan, plan


@pytest.mark.django_db(transaction=True)
def test_the_thread_sends_by_itself_and_ends_with_the_worker(hook: Receiver, tmp_path: Path) -> None:
    stop = Stop()
    dispatcher = Dispatcher(tmp_path, stop)
    thread = threading.Thread(target=dispatcher.run)
    thread.start()
    try:
        row = queued("webhook", now=time.time())
        until = time.monotonic() + 60
        while Notification.objects.get(pk=row.pk).state != "sent":
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        stop.request()
        thread.join(60)
        stop.close()
    assert not thread.is_alive()
    assert len(hook.got) == 1

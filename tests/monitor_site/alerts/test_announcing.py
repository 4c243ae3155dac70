"""Who is told what of an episode: once for each channel, after quiet hours, not while muted, several as one, and its end."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from monitor.access.models import User
from monitor.alerts import episodes, muting
from monitor.alerts.messages import Message
from monitor.alerts.models import Episode, Notification
from monitor.incidents import handling
from monitor.incidents import services as by_hand
from monitor.incidents.models import Incident
from monitor.issues.models import Issue
from monitor.projects.models import Project
from strategy.model.watches import Quantity
from tests.monitor_site.alerts.clocked import START, Clocked
from tests.monitor_site.alerts.conftest import UseRules

NIGHT = 14 * 3600
"""After START: 22:00 UTC, which is 23:00 in Vienna."""
MONDAY_8_IN_VIENNA = datetime(2027, 1, 18, 7, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def _now_is_the_tests(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What is told is told at the time that the test has moved the clock to."""
    if "clocked" in request.fixturenames:
        clocked: Clocked = request.getfixturevalue("clocked")
        monkeypatch.setattr("monitor.alerts.live.time.time", lambda: START + clocked.now)


def messages(kind: str = "fired", channel: str = "slack") -> list[Message]:
    rows = Notification.objects.filter(kind=kind, channel=channel).order_by("pk")
    return [Message.from_json(row.message) for row in rows]


def sent(*rows: Notification) -> None:
    for row in rows or Notification.objects.filter(state="waiting"):
        row.state, row.attempts = Notification.State.SENT, 1
        row.sent_at = datetime.fromtimestamp(START, UTC)
        row.save()


def test_a_message_says_how_much_since_when_who_and_where_to_look(
    clocked: Clocked, use_rules: UseRules
) -> None:
    use_rules("critical-errors")
    clocked.at(0)
    for second in range(1, 13):
        clocked.error(second, "cache", "P1", release="shop@1.0", user={"id": str(second % 3)})
    clocked.at(13)
    (message,) = messages()
    facts = dict(message.facts)
    assert facts["Value"] == "10 events"
    assert facts["Threshold"] == "10 events or more in 5 min"
    assert facts["Since"] == "2027-01-15 08:00:01 UTC"
    assert facts["Users"].startswith("3 ")
    assert facts["Release"] == "shop@1.0"
    incident = Incident.objects.get()
    assert [link.name for link in message.links] == ["issue", "alert", "incident", "runbook"]
    assert all(link.url.startswith("http://127.0.0.1:8001/") for link in message.links)
    assert message.thread == f"incident-{incident.number}"
    assert set(Notification.objects.values_list("channel", flat=True)) == {
        "pagerduty",
        "slack",
        "email",
        "github",
    }
    assert all(row.recipients == ["on_call", "lead", "product"] for row in Notification.objects.all())


def test_the_end_of_an_incidents_alert_is_told_by_the_incident_once(
    clocked: Clocked, use_rules: UseRules
) -> None:
    use_rules("database")
    clocked.at(0)
    clocked.error(1)
    clocked.at(2)
    sent()
    clocked.at(62)
    assert Incident.objects.get().state == "resolved"
    told = Notification.objects.filter(kind="resolved").values_list("channel", flat=True)
    assert sorted(told) == ["email", "pagerduty", "slack"], "GitHub's issue is closed by whoever mends it"


def test_the_end_of_an_alert_leaves_what_a_person_opened_open(
    clocked: Clocked, use_rules: UseRules, member: User, project: Project
) -> None:
    use_rules("database")
    clocked.at(0)
    clocked.error(1)
    incident = by_hand.open_by_hand(
        project,
        title="Nothing works",
        severity="P0",
        now=START + 1.5,
        by=member,
        environment="production",
        issues=Issue.objects.all(),
    )
    clocked.at(2)
    assert Episode.objects.get().incident == incident
    assert {message.thread for message in messages(channel="pagerduty")} == {f"incident-{incident.number}"}
    sent()
    clocked.at(62)
    assert Episode.objects.get().ended_at is not None
    incident.refresh_from_db()
    assert incident.is_open
    assert messages("resolved", "pagerduty") == [], "it would resolve there what is open here"
    assert incident.timeline.filter(kind="alert_ended").exists()
    handling.resolve(incident, member, START + 100)
    assert len(messages("resolved", "pagerduty")) == 1


def test_the_end_of_one_without_an_incident_goes_where_its_beginning_went(
    clocked: Clocked, use_rules: UseRules
) -> None:
    use_rules("cache-hit-ratio")
    clocked.at(0)
    clocked.metric(60, "cache_lookups", 100, outcome="hit")
    clocked.metric(61, "cache_lookups", 200, outcome="miss")
    clocked.at(62)
    assert not Incident.objects.exists()
    sent()
    clocked.at(2000)
    (message,) = messages("resolved")
    assert message.title == "Over: Fewer than 80 % of cache look-ups hit"
    assert message.thread == messages()[0].thread
    assert dict(message.facts)["Worst"] == "33.3 %"


def test_in_quiet_hours_it_waits_and_what_is_over_by_then_is_one_message(
    clocked: Clocked, use_rules: UseRules
) -> None:
    use_rules("new-issue")
    clocked.at(NIGHT)
    clocked.error(NIGHT + 1, "file", "P2")
    clocked.at(NIGHT + 2)
    (row,) = Notification.objects.all()
    assert row.not_before.timestamp() == MONDAY_8_IN_VIENNA
    clocked.at(NIGHT + 400)
    assert Episode.objects.get().ended_at is not None
    (message,) = messages()
    assert dict(message.facts)["Over"].startswith("2027-01-15 22:05:01 UTC")
    assert messages("resolved") == []


def test_while_muted_nobody_is_told_and_what_still_holds_then_is(
    clocked: Clocked, use_rules: UseRules, member: User, project: Project
) -> None:
    strategy = use_rules("database")
    clocked.at(0)
    mute = muting.mute(
        "database", by=member, until=START + 100, reason="It moves.", now=START + 1, project=project
    )
    clocked.error(5)
    clocked.at(6)
    episode = Episode.objects.get()
    assert episode.silence == "Muted until 2027-01-15 08:01 UTC by Mary: It moves."
    assert not Notification.objects.exists()
    assert not Incident.objects.exists()
    clocked.error(60)
    clocked.at(61)
    episodes.follow(strategy, {}, START + 90)
    assert not Notification.objects.exists()
    episodes.follow(strategy, {}, START + 101)
    assert len(messages()) == 1
    episodes.follow(strategy, {}, START + 102)
    assert len(messages()) == 1
    assert mute.lifted_at is None


def test_a_mute_of_one_key_leaves_the_others(
    clocked: Clocked, use_rules: UseRules, member: User, project: Project
) -> None:
    use_rules("missed-check-in")
    muting.mute(
        "missed-check-in", by=member, until=START + 500, reason="Off.", now=START, project=project, key="a"
    )
    assert muting.mute_of(muting.mutes_at(START + 1), "missed-check-in", project.pk, "a") is not None
    assert muting.mute_of(muting.mutes_at(START + 1), "missed-check-in", project.pk, "b") is None
    assert muting.mute_of(muting.mutes_at(START + 501), "missed-check-in", project.pk, "a") is None


def test_what_cannot_be_muted(member: User) -> None:
    now = time.time()
    for until, reason in ((now - 1, "Past"), (now + 91 * 86_400, "For ever"), (now + 60, "  ")):
        with pytest.raises(muting.MuteError):
            muting.mute("database", by=member, until=until, reason=reason, now=now)


def test_many_of_one_rule_at_once_are_two_messages_and_one_end(clocked: Clocked, use_rules: UseRules) -> None:
    """Twenty issues flood together: the first is told at once, the others half a minute later as one."""
    use_rules("issue-600-an-hour", threshold=_at_least(3), severity="P3", cooldown_s=60, window_s=60)
    clocked.at(0)
    for issue in range(6):
        for second in range(3):
            clocked.error(1 + issue + second / 10, f"kind-{issue}", "P3")
        clocked.at(2 + issue)
    assert Episode.objects.count() == 6
    first, gathered = messages()
    assert first.title.startswith("One error 600 times in an hour (issue ")
    assert gathered.title == "One error 600 times in an hour: 5 more"
    assert gathered.text.count("\n- ") == 4
    assert gathered.thread == first.thread
    row = Notification.objects.get(message__title=gathered.title)
    assert row.not_before.timestamp() == START + clocked.now - 4 + 30
    sent()
    clocked.at(62)
    assert messages("resolved") == []
    clocked.at(70)
    (over,) = messages("resolved")
    assert dict(over.facts)["With it"] == "5 more of the same rule"


def test_what_follows_after_the_message_was_sent_is_in_the_next(
    clocked: Clocked, use_rules: UseRules
) -> None:
    use_rules("issue-600-an-hour", threshold=_at_least(1), severity="P3", window_s=600)
    clocked.at(0)
    for second in (1, 5, 100):
        clocked.error(second, f"kind-{second}", "P3")
        clocked.at(second + 1)
        if second == 5:
            sent()
    titles = [message.title for message in messages()]
    assert len(titles) == 3
    assert not any("more" in title for title in titles)
    # Ten minutes after the first, one is told for itself again.
    clocked.error(700, "kind-700", "P3")
    clocked.at(701)
    assert Episode.objects.get(began_at=START + 700).leader is None


def test_where_nobody_is_alerted_nothing_is_kept(clocked: Clocked, use_rules: UseRules) -> None:
    use_rules("database")
    clocked.at(0)
    clocked.error(1, environment="development")
    clocked.at(2)
    assert clocked.story() == []


def _at_least(number: float) -> Quantity:

    return Quantity(number, "number")

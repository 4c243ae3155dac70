"""The pages of deliveries and the outbox: what they show to whom, and what people can do on them."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from monitor.access.models import AuditEntry
from monitor.alerts.dispatch.dispatcher import Dispatcher
from monitor.alerts.dispatch.drawing import mrkdwn_html
from monitor.alerts.dispatch.models import ChannelState, OutboxMessage
from monitor.alerts.messages import Kind
from monitor.alerts.models import Episode, Notification
from monitor.projects.models import Project
from monitor.rota.models import Person, Seat
from tests.monitor_site.deliveries.conftest import Channels, settle
from tests.monitor_site.deliveries.messages import NOW, queued
from tests.monitor_site.deliveries.receivers import Receiver, Reply

pytestmark = pytest.mark.django_db
LIST = "/alerts/deliveries/"
OUTBOX = "/alerts/deliveries/outbox/"


def of_project(project: Project, *rows: Notification) -> None:
    """They belong to an episode of it."""
    episode = Episode.objects.create(
        rule="r", key=f"k{rows[0].pk}", title="t", severity="P0", project=project, environment="production",
        began_at=NOW, value=1, worst=1,
    )  # fmt: skip
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(episode=episode)


def test_an_empty_list_says_what_will_be_there(as_viewer: Client) -> None:
    page = as_viewer.get(LIST).content.decode()
    assert "Nothing was sent yet" in page
    assert "No channel is set up: nobody is told of anything." in page
    assert "SENTRY_SLACK_ALERTS_ENABLED" in page
    assert "Send a test" not in page


def test_the_list_says_what_failed_and_why(
    as_member: Client, project: Project, channels: Channels, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    channels(webhook={"url": receiver.url, "credential": "secret-of-it", "attempts": 1})
    receiver.answers = lambda got: Reply(500, b"secret-of-it is wrong")
    now = time.time()
    row = queued("webhook", title="Database connections fail <b>", now=now)
    of_project(project, row)
    settle(dispatcher, now)
    page = as_member.get(LIST).content.decode()
    detail = as_member.get(f"{LIST}{row.pk}/").content.decode()
    assert "1 message of the last 24 hours could not be delivered" in page
    assert "500: [secret] is wrong" in page
    assert "Database connections fail &lt;b&gt;" in page
    assert "secret-of-it" not in page + detail
    assert "Send again" in detail
    assert "500: [secret] is wrong" in detail


def test_what_has_failed_is_sent_again(
    as_member: Client, project: Project, channels: Channels, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    channels(webhook={"url": receiver.url, "credential": "secret-of-it", "attempts": 1})
    answered = iter([400])
    receiver.answers = lambda got: Reply(next(answered, 200))
    row = queued("webhook")
    of_project(project, row)
    settle(dispatcher, NOW)
    response = as_member.post(f"{LIST}{row.pk}/retry/", follow=True)
    assert "It is sent again." in response.content.decode()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0)
    settle(dispatcher, time.time())
    row.refresh_from_db()
    assert row.state == "sent"
    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert AuditEntry.objects.get(action="notification.retried").project == project
    again = as_member.post(f"{LIST}{row.pk}/retry/", follow=True)
    assert "Only what has failed or was withdrawn can be sent again." in again.content.decode()


def test_a_viewer_and_a_stranger_send_nothing_again(
    as_viewer: Client, project: Project, other_project: Project, as_member: Client
) -> None:
    mine, anothers = queued("slack"), queued("slack", once="other")
    of_project(project, mine)
    of_project(other_project, anothers)
    Notification.objects.update(state="failed")
    assert as_viewer.get(f"{LIST}{mine.pk}/").status_code == 200
    assert as_viewer.post(f"{LIST}{mine.pk}/retry/").status_code == 403
    for client in (as_viewer, as_member):
        assert client.get(f"{LIST}{anothers.pk}/").status_code == 404
    assert as_member.post(f"{LIST}{anothers.pk}/retry/").status_code == 404
    assert set(Notification.objects.values_list("state", flat=True)) == {"failed"}


def test_members_see_what_is_their_projects_and_tests_and_admins_all(
    as_member: Client, as_admin: Client, project: Project, other_project: Project
) -> None:
    rows = {name: queued("slack", once=name, title=f"of {name}") for name in ("mine", "anothers", "nobodys")}
    of_project(project, rows["mine"])
    of_project(other_project, rows["anothers"])
    queued("slack", Kind.TEST, title="a test", once="t")
    page = as_member.get(LIST).content.decode()
    assert [name for name in rows if f"of {name}" in page] == ["mine"]
    assert "a test" in page
    everything = as_admin.get(LIST).content.decode()
    assert [name for name in rows if f"of {name}" in everything] == list(rows)
    narrowed = as_admin.get(LIST, {"project": "other"}).content.decode()
    assert [name for name in rows if f"of {name}" in narrowed] == ["anothers"]


def test_filters_stand_in_the_address(as_admin: Client) -> None:
    queued("slack", title="in slack")
    queued("email", Kind.RESOLVED, title="in email")
    for asked, found in (
        ({"channel": "slack"}, ["in slack"]),
        ({"kind": "resolved"}, ["in email"]),
        ({"state": "failed"}, []),
        ({"state": "nonsense"}, ["in slack", "in email"]),
    ):
        page = as_admin.get(LIST, asked).content.decode()
        assert [title for title in ("in slack", "in email") if title in page] == found, asked
    assert "Nothing matches" in as_admin.get(LIST, {"state": "failed"}).content.decode()


def test_of_a_stretch_of_time_those_that_were_made_in_it(as_admin: Client) -> None:
    """As a report asks for what failed in its time; without one in the address, all of them."""
    for number, title in enumerate(("just before", "at its beginning", "at its end")):
        queued("slack", once=title, title=title, now=NOW + (number * 100 or -1))
    asked = {"since": f"{NOW:.0f}", "until": f"{NOW + 200:.0f}"}
    page = as_admin.get(LIST, asked)
    assert [row.message["title"] for row in page.context["page"]] == ["at its beginning"]
    assert "made 2027-01-15 08:00 to 2027-01-15 08:03 UTC ×" in page.content.decode()
    assert len(as_admin.get(LIST).context["page"]) == 3
    assert len(as_admin.get(LIST, {"since": "x"}).context["page"]) == 3


def test_a_list_of_fifty_costs_no_more_statements_than_a_list_of_one(
    as_admin: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [queued("slack", once=f"n{number}") for number in range(50)]
    of_project(project, *rows)
    with django_assert_max_num_queries(9):
        assert as_admin.get(LIST).status_code == 200


def test_a_test_goes_through_its_channel_once_a_minute_and_into_the_audit_log(
    as_member: Client, channels: Channels, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    channels(webhook={"url": receiver.url, "credential": "secret-of-it"})
    response = as_member.post(f"{LIST}channels/webhook/test/")
    row = Notification.objects.get()
    assert response["Location"] == reverse("deliveries:detail", args=[row.pk])
    again = as_member.post(f"{LIST}channels/webhook/test/", follow=True)
    assert "webhook was tested less than a minute ago." in again.content.decode()
    settle(dispatcher, time.time())
    assert [body["type"] for body in receiver.bodies] == ["alert.test"]
    assert AuditEntry.objects.filter(action="channel.tested", target="webhook").count() == 1


def test_a_test_of_pagerduty_closes_what_it_opens(
    as_member: Client, channels: Channels, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    channels(pagerduty={"url": receiver.url, "credential": "routing"})
    receiver.answers = lambda got: Reply(202, b'{"status":"success","dedup_key":"k"}')
    as_member.post(f"{LIST}channels/pagerduty/test/")
    settle(dispatcher, time.time())
    assert [body["event_action"] for body in receiver.bodies] == ["trigger", "resolve"]
    assert len({body["dedup_key"] for body in receiver.bodies}) == 1


def test_a_channel_that_is_not_set_up_or_unknown_cannot_be_tested(
    as_member: Client, as_viewer: Client, settings: Settings
) -> None:
    settings.OUTBOX = False
    page = as_member.post(f"{LIST}channels/slack/test/", follow=True).content.decode()
    assert "slack is not set up, so there is nothing to test." in page
    page = as_member.post(f"{LIST}channels/carrier-pigeon/test/", follow=True).content.decode()
    assert "The strategy has no channel carrier-pigeon." in page
    assert as_viewer.post(f"{LIST}channels/slack/test/").status_code == 403
    assert not Notification.objects.exists()


def test_a_channel_that_is_left_alone_says_so(as_viewer: Client, channels: Channels) -> None:
    channels(webhook={"url": "https://hooks.example.org/x", "credential": "secret-of-it"})
    ChannelState.objects.create(
        channel="webhook",
        failures=12,
        pause_s=60,
        paused_until=time.time() + 600,
        last_failed_at=NOW,
        problem="502: gone",
    )
    page = as_viewer.get(LIST).content.decode()
    assert "Left alone" in page
    assert "12 failures in a row" in page
    assert "502: gone" in page
    assert "hooks.example.org" not in page


def test_the_outbox_shows_each_message_as_its_service_would(
    as_admin: Client, settings: Settings, dispatcher: Dispatcher
) -> None:
    settings.OUTBOX = True
    for channel in ("slack", "email", "pagerduty", "discord", "github", "apprise", "webhook"):
        queued(channel, text="**12** events & <script>alert(1)</script>", recipients=["on_call"])
    settle(dispatcher, NOW)
    page = as_admin.get(OUTBOX).content.decode()
    assert page.count("[P0] Database connections fail") >= 6
    assert "<strong>12</strong> events &amp; &lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "Runbook" in page
    assert "Dedup key" in page
    assert "New issue" in page
    mail = OutboxMessage.objects.get(kind="email")
    assert f'src="{OUTBOX}{mail.pk}/mail/" sandbox="allow-popups' in page
    only = as_admin.get(OUTBOX, {"kind": "discord"}).content.decode()
    assert "drawn-embed" in only
    assert "drawn-slack" not in only


def test_a_message_is_shown_to_whom_and_after_what_it_was_said(as_admin: Client, channels: Channels) -> None:
    """And not as if it stood alone: a comment on an issue that is there, a mail to those who are on call."""
    channels(github={"to": ("o/r",)})
    Seat.objects.create(role="on_call", person=Person.objects.create(name="Jo", email="jo@example.org"))
    first, second = queued("github", once="first"), queued("github", once="second")
    Notification.objects.filter(pk=first.pk).update(state="sent", answer={"number": 41})
    mail = queued("email", recipients=["on_call"])
    pages = [as_admin.get(f"{LIST}{row.pk}/").content.decode() for row in (first, second, mail)]
    assert "<strong>New issue</strong> in o/r" in pages[0]
    assert "<strong>Comment</strong> on issue 41 of o/r" in pages[1]
    assert "jo@example.org" in pages[2]


def test_code_in_slack_is_code_and_nothing_in_it_is_anything_else() -> None:
    assert mrkdwn_html("see `a *b* &lt;c&gt;` and *d*") == (
        "see <code>a *b* &lt;c&gt;</code> and <strong>d</strong>"
    )


def test_a_mail_is_shown_without_anything_it_could_run_or_load(
    as_admin: Client, settings: Settings, dispatcher: Dispatcher
) -> None:
    settings.OUTBOX = True
    queued(
        "email", title='<img src=x onerror="alert(1)">', text="![x](https://tracker.example.org/x.png) <b>"
    )
    settle(dispatcher, NOW)
    response = as_admin.get(f"{OUTBOX}{OutboxMessage.objects.get().pk}/mail/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "<img" not in response.content.decode()
    assert "&lt;b&gt;" in response.content.decode()


def test_the_outbox_says_when_there_is_something_new(
    as_admin: Client, settings: Settings, dispatcher: Dispatcher
) -> None:
    settings.OUTBOX = True
    assert "Nothing here yet" in as_admin.get(OUTBOX).content.decode()

    def changed(after: object) -> bool:
        found: bool = json.loads(as_admin.get(OUTBOX, {"after": str(after)}).content)["changed"]
        return found

    assert not changed(0)
    queued("slack")
    settle(dispatcher, NOW)
    assert changed(0)
    assert not changed(OutboxMessage.objects.get().pk)
    assert not changed("x")


def test_what_another_project_told_is_not_in_ones_outbox(
    as_member: Client, project: Project, other_project: Project, settings: Settings, dispatcher: Dispatcher
) -> None:
    settings.OUTBOX = True
    rows = [queued("slack", title="of mine"), queued("email", title="of anothers")]
    of_project(project, rows[0])
    of_project(other_project, rows[1])
    settle(dispatcher, NOW)
    page = as_member.get(OUTBOX).content.decode()
    assert "of mine" in page
    assert "of anothers" not in page
    assert as_member.get(f"{OUTBOX}{OutboxMessage.objects.get(kind='email').pk}/mail/").status_code == 404

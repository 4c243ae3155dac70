"""Deliveries in Chromium: a message as each channel would show it, sending again, narrow screens, no JavaScript."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from monitor.alerts.channels import KINDS
from monitor.alerts.dispatch.dispatcher import Dispatcher
from monitor.alerts.messages import Kind
from monitor.alerts.models import Notification
from monitor.projects.models import Project
from tests.monitor_site.deliveries.conftest import Channels, settle
from tests.monitor_site.deliveries.messages import queued
from tests.monitor_site.deliveries.receivers import Receiver, Reply
from tests.monitor_site.deliveries.test_pages import LIST, OUTBOX, of_project
from tests.monitor_site.in_browser import Opened, check_fit

pytestmark = pytest.mark.browser
TITLE = "Database connections fail"
LONG = f"{'a-word-without-end' * 12} of the list"


@pytest.fixture
def told(project: Project, settings: Settings, dispatcher: Dispatcher) -> dict[str, Notification]:
    """By channel: one message that each of them has sent to the outbox, after another one that is too long."""
    settings.OUTBOX = True
    now = time.time()
    for channel in KINDS:
        row = queued(
            channel, Kind.ESCALATED, title=LONG, now=now - 90, text=f"`{LONG}`", facts=((LONG, LONG),)
        )
        of_project(project, row)
    rows = {name: queued(name, now=now - 60, recipients=["on_call"]) for name in KINDS}
    of_project(project, *rows.values())
    settle(dispatcher, now)
    return rows


@pytest.fixture
def refused(project: Project, channels: Channels, receiver: Receiver, dispatcher: Dispatcher) -> Notification:
    """A message that its receiver would not have; it takes the next one."""
    channels(webhook={"url": receiver.url, "credential": "secret-of-it", "attempts": 1})
    answers = iter([Reply(400, b"no such key")])
    receiver.answers = lambda got: next(answers, Reply(200))
    now = time.time()
    row = queued("webhook", now=now, once="refused")
    of_project(project, row)
    settle(dispatcher, now)
    return row


def _shown(page: Page) -> str:
    return page.locator(".drawn").inner_text()


def test_by_filter_and_keys_into_a_message_and_its_parts(
    opened: Opened, told: dict[str, Notification]
) -> None:
    page = opened(LIST)
    expect(page.locator(".deliveries [data-item]")).to_have_count(2 * len(KINDS))
    page.get_by_label("Channel", exact=True).select_option("slack")
    expect(page).to_have_url(re.compile("channel=slack"))
    page.get_by_label("Kind").select_option("fired")
    expect(page).to_have_url(re.compile("channel=slack.*kind=fired"))
    expect(page.locator(".deliveries [data-item]")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.locator(".page-summary .state")).to_have_text("In the outbox")
    expect(page.get_by_role("table")).to_contain_text("Sent")
    for name, leads_to in (
        ("Issue", "/issues/7/"),
        ("Incident #12", "/incidents/12/"),
        ("Runbook", "/database/"),
    ):
        button = page.locator(".drawn").get_by_role("link", name=name, exact=True)
        expect(button).to_have_attribute("href", re.compile(re.escape(leads_to)))
    page.get_by_text("As it is sent").click()
    expect(page.locator(".drawn-json pre")).to_contain_text('"type": "header"')
    page.go_back()
    expect(page.get_by_label("Channel", exact=True)).to_have_value("slack")


def test_each_channel_shows_it_in_its_own_way(opened: Opened, told: dict[str, Notification]) -> None:
    page = opened(LIST)
    parts = {
        "slack": ("As Slack shows it", "12 events in 5 minutes"),
        "email": ("The mail", f"[P0] {TITLE}"),
        "pagerduty": ("What PagerDuty is told", "Dedup key"),
        "discord": ("As Discord shows it", "Release"),
        # The thread has an issue already: the message before it.
        "github": ("As GitHub shows it", "Comment on issue"),
        "apprise": ("As Apprise shows it", "failure"),
        "webhook": ("What the webhook posts", "webhook-signature"),
    }
    assert set(parts) == set(KINDS)
    for channel, (heading, part) in parts.items():
        page.goto(f"{LIST}{told[channel].pk}/")
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        assert TITLE in _shown(page), channel
        assert part in _shown(page), channel


def test_a_mail_is_read_in_its_frame_and_leads_on(opened: Opened, told: dict[str, Notification]) -> None:
    page = opened(f"{OUTBOX}?kind=email")
    frame = page.frame_locator(".drawn-frame").first
    expect(frame.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(frame.get_by_role("link", name="Runbook")).to_be_visible()
    page.get_by_text("As text").first.click()
    expect(page.locator(".drawn-json pre").first).to_contain_text("Users: 3")
    page.get_by_role("link", name="Email", exact=True).nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)


def test_what_failed_is_sent_again_and_the_page_says_by_itself_how_it_went(
    opened: Opened, refused: Notification, dispatcher: Dispatcher
) -> None:
    page = opened(LIST)
    expect(page.get_by_text("1 message of the last 24 hours could not be delivered")).to_be_visible()
    page.get_by_label("State").select_option("failed")
    expect(page).to_have_url(re.compile("state=failed"))
    page.locator(".deliveries").get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("alert")).to_contain_text("400: no such key")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("It is sent again.")).to_be_visible()
    expect(page.locator(".page-summary .state")).to_have_text("Waiting")
    settle(dispatcher, time.time())
    expect(page.locator(".page-summary .state")).to_have_text("Sent", timeout=15_000)
    expect(page.get_by_role("button", name="Send again")).to_have_count(0)
    expect(page.get_by_role("row")).to_have_count(3)


def test_the_outbox_renews_itself_and_a_test_lands_there(
    opened: Opened, project: Project, settings: Settings, dispatcher: Dispatcher
) -> None:
    settings.OUTBOX = True
    page = opened(OUTBOX)
    page.get_by_role("link", name="Test a channel").click()
    page.get_by_role("button", name="Send a test through discord").click()
    expect(page.get_by_text("A test is on its way through discord.")).to_be_visible()
    page.goto(OUTBOX)
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    settle(dispatcher, time.time())
    expect(page.locator(".drawn-embed")).to_contain_text("Test of the channel discord", timeout=15_000)


def test_without_javascript(opened: Opened, told: dict[str, Notification]) -> None:
    page = opened(LIST, java_script_enabled=False)
    page.get_by_label("Channel", exact=True).select_option("github")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".deliveries [data-item]")).to_have_count(2)
    page.locator(".deliveries").get_by_role("link", name=TITLE).click()
    expect(page.locator(".drawn")).to_contain_text("Comment on issue")


def test_full_nothing_is_wider_than_the_window(
    opened: Opened, told: dict[str, Notification], refused: Notification
) -> None:
    longest = Notification.objects.filter(kind=Kind.ESCALATED).values_list("pk", flat=True)
    paths = [LIST, f"{LIST}?channel=slack", OUTBOX, f"{OUTBOX}?kind=pagerduty"]
    paths += [f"{LIST}{pk}/" for pk in (*longest, *(row.pk for row in told.values()), refused.pk)]
    check_fit(opened(LIST), paths)


def test_empty_nothing_is_wider_than_the_window(opened: Opened, project: Project, settings: Settings) -> None:
    for is_on in (True, False):
        settings.OUTBOX = is_on
        check_fit(opened(LIST), [LIST, f"{LIST}?state=failed", OUTBOX, f"{OUTBOX}?kind=slack"])

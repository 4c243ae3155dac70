"""Cron monitors in Chromium: keys, making, muting and deleting one, narrow screens, life without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from monitor.crons.models import CronMonitor
from tests.monitor_site.crons.test_pages import check_in
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.in_browser import Opened, check_fit

pytestmark = pytest.mark.browser


@pytest.fixture
def backup(deliver: Delivery) -> CronMonitor:
    deliver(check_in("backup", duration=12), check_in("backup", "error", environment="staging"))
    return CronMonitor.objects.get()


def test_by_keys_into_a_job_and_deleting_it(opened: Opened, backup: CronMonitor) -> None:
    page = opened("/crons/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("backup")
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_text("is muted: nobody is told")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Delete backup with all its history?")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("backup")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.locator("dialog[open]").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile(r"/crons/$"))
    assert not CronMonitor.objects.exists()


def test_making_one_without_javascript(opened: Opened, deliver: Delivery) -> None:
    page = opened("/crons/", java_script_enabled=False)
    page.get_by_role("link", name="New monitor").click()
    page.get_by_label("Name").fill("Nightly sums")
    page.get_by_label("Crontab line", exact=False).last.fill("soon")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("it must have five fields")).to_be_visible()
    page.locator("#id_crontab").fill("0 3 * * *")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nightly sums")
    expect(page.get_by_text("At 03:00 every day")).to_be_visible()
    expect(page.get_by_text("It has not checked in yet.")).to_be_visible()


def test_the_history_is_filtered(opened: Opened, backup: CronMonitor) -> None:
    page = opened(f"/crons/{backup.pk}/")
    page.locator("#history-environment").select_option("staging")
    expect(page).to_have_url(re.compile("environment=staging"))
    history = page.locator("section", has=page.get_by_role("heading", name="History"))
    expect(history.locator("tbody tr")).to_have_count(1)
    expect(history.locator("tbody")).to_contain_text("Failed")
    page.locator("#history-status").select_option("missed")
    expect(page.get_by_text("Nothing of this kind.")).to_be_visible()


def test_nothing_is_wider_than_the_window(opened: Opened, backup: CronMonitor) -> None:
    check_fit(opened("/crons/"), ("/crons/", f"/crons/{backup.pk}/", "/crons/new/"))

"""Releases in Chromium: keys, search, comparing, notes, narrow screens, life without JavaScript."""

import re
import time

import pytest
from playwright.sync_api import expect

from monitor.access.models import User
from monitor.releases import services
from monitor.releases.commits import CommitData
from monitor.releases.models import Release
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.in_browser import Opened, check_fit
from tests.monitor_site.releases.test_pages import failure, sums

pytestmark = pytest.mark.browser


@pytest.fixture
def releases(deliver: Delivery, admin: User) -> list[Release]:
    now = time.time()
    deliver(sums("shop@1.0.0", exited=900, crashed=90), failure("shop@1.0.0", "GoneError"), received=now - 60)
    deliver(sums("shop@1.1.0", exited=990, crashed=1), failure("shop@1.1.0", "CameError"), received=now)
    found = list(Release.objects.order_by("version"))
    commits = [CommitData("4f1c" * 10, message="feat: zoom", author_name="Ada")]
    services.set_commits(found[1], commits, by=admin)
    return found


def test_by_keys_from_the_list_into_a_release(opened: Opened, releases: list[Release]) -> None:
    page = opened("/releases/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("shop@1.0.0")
    page.go_back()
    page.keyboard.press("/")
    page.keyboard.type("1.1")
    page.keyboard.press("Enter")
    expect(page.locator("[data-item]")).to_have_count(1)
    page.get_by_label("Sort").select_option("crashes")
    expect(page).to_have_url(re.compile(r"q=1\.1.*sort=crashes"))


def test_comparing_copying_and_marking(opened: Opened, releases: list[Release]) -> None:
    page = opened("/releases/version/shop@1.1.0/")
    page.get_by_role("button", name="Copy").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.startsWith('# shop@1.1.0'))")
    page.get_by_role("button", name="Mark as released").click()
    expect(page.get_by_text("is marked as released")).to_be_visible()
    page.get_by_role("link", name="Compare with 1.0.0").click()
    row = page.get_by_role("row", name="Crash-free sessions")
    expect(row).to_contain_text("better")
    expect(page.get_by_role("link", name="CameError: boom")).to_be_visible()


def test_without_javascript(opened: Opened, releases: list[Release]) -> None:
    page = opened("/releases/version/shop@1.1.0/?period=24h", java_script_enabled=False)
    page.get_by_text("Write them yourself").click()
    page.get_by_label("Notes, in Markdown").fill("By hand.")
    page.get_by_role("button", name="Keep these notes").click()
    expect(page.locator("#release-notes")).to_have_text("By hand.")
    page.get_by_label("With").select_option("shop@1.0.0")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("Gone with 1.1.0")).to_be_visible()


def test_nothing_is_wider_than_the_window(opened: Opened, releases: list[Release]) -> None:
    paths = (
        "/releases/",
        "/releases/version/shop@1.1.0/",
        "/releases/compare/?a=shop@1.0.0&b=shop@1.1.0",
    )
    check_fit(opened(paths[0]), paths)

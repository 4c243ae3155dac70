"""Feedback in Chromium: keys, ticking, asking for the address, narrow screens, life without JavaScript."""

import pytest
from playwright.sync_api import expect

from monitor.access.models import AuditEntry
from monitor.feedback.models import Feedback
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.feedback.test_pages import ADDRESS, failure, said
from tests.monitor_site.in_browser import Opened, check_fit

pytestmark = pytest.mark.browser


@pytest.fixture
def feedback(deliver: Delivery) -> list[Feedback]:
    (event_id,) = deliver(failure())
    deliver(said("It broke when I saved", event_id), received=deliver.now - 60)
    deliver(said("w" * 300))
    return list(Feedback.objects.order_by("received"))


def test_by_keys_into_one_and_its_address(opened: Opened, feedback: list[Feedback]) -> None:
    page = opened("/feedback/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It broke when I saved")).to_be_visible()
    expect(page.get_by_text(ADDRESS)).to_have_count(0)
    page.get_by_role("button", name="Show the address").click()
    expect(page.get_by_role("link", name=ADDRESS)).to_be_visible()
    assert AuditEntry.objects.filter(action="feedback.contact_seen").count() == 1
    page.get_by_role("link", name="ValueError: boom").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ValueError")


def test_sorting_it_out_without_javascript(opened: Opened, feedback: list[Feedback]) -> None:
    page = opened("/feedback/", java_script_enabled=False)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Spam").click()
    expect(page.get_by_text("1 is marked as spam.")).to_be_visible()
    expect(page.locator("[data-item]")).to_have_count(1)
    page.get_by_role("link", name="Spam 1").click()
    expect(page.locator("[data-item]")).to_have_count(1)


def test_nothing_is_wider_than_the_window(opened: Opened, feedback: list[Feedback]) -> None:
    check_fit(opened("/feedback/"), ("/feedback/", *(f"/feedback/{one.pk}/" for one in feedback)))

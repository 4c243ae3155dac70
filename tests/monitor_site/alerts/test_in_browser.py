"""Alerts in Chromium: by keys into one, judging it, muting a rule, narrow screens, life without JavaScript."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from monitor.alerts.models import Episode, Mute
from monitor.projects.models import Project
from tests.monitor_site.alerts.test_pages import made
from tests.monitor_site.in_browser import Opened, check_fit

pytestmark = pytest.mark.browser


@pytest.fixture
def episodes(project: Project) -> list[Episode]:
    now = time.time()
    course = [[now - 600 + 10 * step, 1 + step % 7] for step in range(60)]
    return [
        made(project, course=course, events=["0" * 32], release="hydroml@1.4.2", users=12),
        made(project, "latency-p95", key="/projects/{pk}/", value=1.4, worst=2.1, ended_at=now - 60),
    ]


def test_by_keys_into_an_alert_and_saying_that_it_was_of_use(opened: Opened, episodes: list[Episode]) -> None:
    page = opened("/alerts/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The database fails")
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Mary says")).to_be_visible()
    assert Episode.objects.get(rule="database").useful is True


def test_muting_a_rule_without_javascript(opened: Opened, project: Project) -> None:
    page = opened("/alerts/rules/database/", java_script_enabled=False)
    page.get_by_label("For").select_option("86400")
    page.get_by_label("Why").fill("It moves tonight.")
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_text("It moves tonight.").first).to_be_visible()
    page.get_by_role("button", name="Unmute").click()
    expect(page.get_by_role("button", name="Unmute")).to_have_count(0)
    assert Mute.objects.get().lifted_at is not None


def test_no_page_is_wider_than_its_window(opened: Opened, episodes: list[Episode]) -> None:
    paths = (
        "/alerts/",
        "/alerts/?state=over&severity=P3",
        f"/alerts/{episodes[0].pk}/",
        f"/alerts/{episodes[1].pk}/",
        "/alerts/rules/",
        "/alerts/rules/database/",
        "/alerts/rules/budget-fast/",
        "/alerts/runbooks/database/",
    )
    check_fit(opened(paths[0]), paths)

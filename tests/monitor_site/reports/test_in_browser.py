"""Triage by keys, and reports on narrow and dark screens, in Chromium."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from monitor.access.models import User
from monitor.issues.models import Issue, Status
from monitor.reports.models import Kind
from tests.monitor_site.in_browser import Opened, check_fit
from tests.monitor_site.reports.conftest import Past

pytestmark = pytest.mark.browser


def test_the_morning_by_keys(opened: Opened, past: Past, member: User) -> None:
    for kind, severity in (("Down", "P0"), ("Grave", "P1"), ("Odd", "P2")):
        past.error(kind, at=time.time() - 60, severity=severity)
    page = opened("/reports/triage/")
    expect(page.locator("[data-item]")).to_have_count(3)
    # What is beside a row stands beside it, not on top of it.
    boxes = [one.bounding_box() for one in page.locator("[data-item]").first.locator("> *").all()]
    for left in boxes:
        for right in boxes:
            if left is not right and left and right and left["x"] <= right["x"]:
                apart = (
                    left["x"] + left["width"] <= right["x"] + 1
                    or left["y"] + left["height"] <= right["y"] + 1
                )
                assert apart or right["y"] + right["height"] <= left["y"] + 1, (left, right)
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.locator("[data-item]")).to_have_count(2)
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.get_by_role("button", name="Me", exact=True).press("Enter")
    expect(page.locator("[data-item]")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("i")
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    assert Issue.objects.get(type="Down").status == Status.RESOLVED
    # The place in the list is kept, so which of the two others came first is the list's to say.
    assert Issue.objects.get(assigned_to=member).type in ("Grave", "Odd")
    assert Issue.objects.get(status=Status.IGNORED).type in ("Grave", "Odd")


def test_reports_fit_a_narrow_screen(opened: Opened, past: Past) -> None:
    past.error("A" * 120, times=2)
    past.requests(100, 1)
    past.written()
    past.written(Kind.WEEKLY)
    daily, weekly = past.period().name, past.period(Kind.WEEKLY).name
    paths = ("/reports/", f"/reports/daily/{daily}/", f"/reports/weekly/{weekly}/", "/reports/triage/")
    check_fit(opened(paths[0]), paths)


def test_without_javascript_all_of_it_is_there(opened: Opened, past: Past) -> None:
    past.error(at=time.time() - 60)
    page = opened("/reports/triage/", java_script_enabled=False)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()

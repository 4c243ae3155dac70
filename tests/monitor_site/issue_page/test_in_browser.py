"""The issue page in Chromium: keys, folds, copies, life without JavaScript, narrow screens, strangers' texts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from monitor.issues.models import Issue, Status, StoredEvent
from tests.monitor_site.in_browser import Opened, too_wide
from tests.monitor_site.issue_page import samples
from tests.monitor_site.issue_page.conftest import Deliver, sdk_event
from tests.monitor_site.issue_page.hostile import NASTY, hostile

pytestmark = pytest.mark.browser


def test_keys_walk_the_events_and_open_the_frames(opened: Opened, arrived: Deliver) -> None:
    for _ in range(3):
        issue = arrived(sdk_event()).issue
    page = opened(f"/issues/{issue.pk}/")
    expect(page.get_by_text("Event 3 of 3 kept")).to_be_visible()
    page.keyboard.press("[")
    expect(page.get_by_text("Event 2 of 3 kept")).to_be_visible()
    page.wait_for_load_state()  # each of these keys loads a page, whose script takes the next
    page.keyboard.press("]")
    expect(page.get_by_text("Event 3 of 3 kept")).to_be_visible()
    page.wait_for_load_state()
    hidden = page.locator("#trace .frame-function", has_text="_get_response").first
    expect(hidden).to_be_hidden()
    page.keyboard.press("f")
    expect(hidden).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("f")
    expect(hidden).to_be_hidden()
    page.wait_for_load_state()
    page.keyboard.press("c")
    expect(page.get_by_label("Comment", exact=True)).to_be_focused()
    page.keyboard.type("[fe")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("[fe")


def test_keys_resolve_ignore_and_assign(opened: Opened, issue: Issue) -> None:
    page = opened(f"/issues/{issue.pk}/")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="To me")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("assigned to Mary", exact=True)).to_be_visible()
    page.keyboard.press("i")
    expect(page.get_by_role("button", name="For an hour")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="For an hour")).to_be_hidden()
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Unresolve")).to_be_visible()
    assert Issue.objects.get().status == Status.RESOLVED
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Resolve", exact=True)).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_text("Older, newer event")).to_be_visible()


def test_it_all_works_without_javascript(opened: Opened, issue: Issue, arrived: Deliver) -> None:
    crumbs = [
        {"category": "query", "message": "SELECT 1"},
        {"category": "httplib", "type": "http", "data": {"url": "https://weather.example"}},
    ]
    arrived(sdk_event(breadcrumbs=crumbs))
    page = opened(f"/issues/{issue.pk}/", java_script_enabled=False)
    query, call = page.get_by_text("SELECT 1"), page.get_by_text("GET https://weather.example")
    expect(query).to_be_visible()
    page.locator(".crumb-filter label", has_text="HTTP calls").click()
    expect(query).to_be_hidden()
    expect(call).to_be_visible()
    expect(page.locator(".timeline-error")).to_be_visible()
    page.get_by_text("2 frames of Django").click()
    expect(page.locator(".frame-function", has_text="_get_response").first).to_be_visible()
    page.get_by_role("link", name="As Python prints").click()
    expect(page.locator(".exception").first).to_have_attribute("id", "e0")
    page.get_by_role("link", name="All frames").click()
    expect(page.locator(".frame-fold")).to_have_count(0)
    page.get_by_text("Copy", exact=True).first.click()
    expect(page.get_by_role("link", name="Raw JSON")).to_be_visible()
    page.get_by_label("Comment", exact=True).fill("Known.")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".activity .comment")).to_have_text(re.compile("Known."))
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_role("button", name="Unresolve")).to_be_visible()


def test_copies_are_on_the_clipboard(opened: Opened, issue: Issue) -> None:
    page = opened(f"/issues/{issue.pk}/")

    def clipboard(words: str) -> None:
        page.wait_for_function(
            "words => navigator.clipboard.readText().then(text => text.includes(words))", arg=words
        )

    page.get_by_text("Copy", exact=True).first.click()
    page.get_by_role("link", name="As Markdown").click()
    clipboard("# `GaugeError: Gauge 17")
    page.get_by_role("link", name="Copy as curl").click()
    clipboard("curl --globoff")
    page.get_by_text("Raw traceback").click()
    page.locator(".raw-body").get_by_role("button", name="Copy").click()
    clipboard("Traceback (most recent call last):")
    page.get_by_role("button", name="Copy HYDROML-1").click()
    clipboard("HYDROML-1")
    expect(page).to_have_url(re.compile(f"/issues/{issue.pk}/$"))


def test_a_link_to_what_is_folded_opens_it(opened: Opened, issue: Issue) -> None:
    page = opened(f"/issues/{issue.pk}/#grouping")
    expect(page.get_by_text("Together are events with the same exceptions")).to_be_visible()
    page.goto(f"/issues/{issue.pk}/#e1-0")
    page.reload()
    expect(page.locator("#e1-0 summary").first).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1600, "light")])
def test_no_event_is_wider_than_the_screen(opened: Opened, arrived: Deliver, width: int, scheme: str) -> None:
    page = opened("/issues/", width=width, color_scheme=scheme)
    for raw in (
        sdk_event("group"),
        samples.java(),
        samples.minified_browser(),
        hostile(NASTY[1] * 3),
        samples.many_frames(60),
    ):
        stored = arrived(raw)
        page.goto(f"/issues/{stored.issue_id}/")
        assert too_wide(page) <= 0
        page.locator("#grouping > summary").click()
        for menu in page.locator(".page-actions details").all():
            menu.locator("summary").click()
            box = menu.locator(".menu-body").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert too_wide(page) <= 0
            menu.locator("summary").click()
        for path in ("events/", f"events/{stored.event_id}/json/"):
            page.goto(f"/issues/{stored.issue_id}/{path}")
            assert too_wide(page) <= 0


@pytest.mark.parametrize("text", NASTY)
def test_a_strangers_text_runs_nothing(opened: Opened, arrived: Deliver, text: str) -> None:
    stored = arrived(hostile(text))
    Issue.objects.update(known_error=text)
    page = opened(f"/issues/{stored.issue_id}/?frames=all")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.get_by_role("link", name="As Markdown").click()
    expect(page.locator(".toast")).to_have_text("Copied")
    page.goto(f"/issues/{stored.issue_id}/events/{StoredEvent.objects.get().event_id}/json/")
    page.goto("/issues/")
    expect(page.locator("body")).to_be_visible()


def test_a_folded_frame_fetches_its_locals_when_it_opens(opened: Opened, arrived: Deliver) -> None:
    stored = arrived(samples.one_megabyte())
    page = opened(f"/issues/{stored.issue_id}/")
    page.get_by_text("frames in between").click()
    frame = page.locator("#e0-50")
    frame.locator("summary").first.click()
    expect(frame.get_by_text("series_50_0")).to_be_visible()
    expect(frame.locator(".frame-locals")).to_have_count(0)

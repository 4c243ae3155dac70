"""Incidents in Chromium: by keys from the list to resolved, a note, a tick, the review, narrow screens, no JavaScript."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from monitor.access.models import User
from monitor.incidents import handling, review
from monitor.incidents.models import Incident, State
from monitor.incidents.status import publish
from monitor.projects.models import Project
from tests.monitor_site.in_browser import Opened, check_fit
from tests.monitor_site.incidents.episodes import alerted

pytestmark = pytest.mark.browser


@pytest.fixture
def incident(project: Project, member: User) -> Incident:
    cache.clear()
    now = time.time()
    made = alerted("database", now - 120, project=project, first_event_at=now - 150)
    handling.note(made, "w" * 400, member, now - 60)
    publish(
        made, title="v" * 100, impact="down", features=["projects"], stage="investigating", text="u" * 300,
        by=member, now=now,
    )  # fmt: skip
    return made


def test_by_keys_from_the_list_to_the_end(opened: Opened, incident: Incident) -> None:
    page = opened("/incidents/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("#1 The database fails")
    expect(page.get_by_text("next: escalates to")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.type("Looking at the pool: a, i, m and r are letters here.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".timeline-text").first).to_contain_text("Looking at the pool")
    incident.refresh_from_db()
    assert incident.state == State.TRIGGERED
    for key, word in (("a", "Acknowledged"), ("i", "Investigating"), ("m", "Mitigated"), ("r", "Resolved")):
        page.keyboard.press(key)
        expect(page.locator(".page-summary .state")).to_have_text(word)
    page.get_by_role("link", name="Review").click()
    page.get_by_label("Root cause").fill("The pool was **too small**.")
    page.get_by_role("button", name="Keep it", exact=True).click()
    expect(page.locator(".review-text strong")).to_have_text("too small")


def test_the_clock_runs_and_the_page_renews_itself(opened: Opened, incident: Incident, member: User) -> None:
    page = opened("/incidents/1/")
    clock = page.locator("[data-running-since]")
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)
    page.get_by_label("Note").fill("half a sentence")
    handling.note(incident, "Somebody else writes.", member, time.time())
    expect(page.get_by_text("Somebody else writes.")).to_be_visible(timeout=30_000)
    expect(page.get_by_label("Note")).to_have_value("half a sentence")


def test_without_javascript(opened: Opened, incident: Incident) -> None:
    page = opened("/incidents/1/", java_script_enabled=False)
    page.get_by_role("button", name="Is the severity right?").click()
    expect(page.get_by_role("button", name="Is the severity right?")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".page-summary .state")).to_have_text("Acknowledged")


def test_nothing_is_wider_than_the_window(opened: Opened, incident: Incident, member: User) -> None:
    review.save(incident, {"root_cause": "x" * 300}, member, time.time())
    paths = (
        "/incidents/", "/incidents/?state=all", "/incidents/1/", "/incidents/1/review/", "/incidents/1/review/?edit=1",
        "/incidents/1/publish/", "/incidents/new/", "/incidents/figures/", "/incidents/known-errors/", "/status/",
        "/rota/",
    )  # fmt: skip
    check_fit(opened(paths[0]), paths)

"""The monitor's pages in Chromium: every address at each width and theme, the keyboard, and what moves by itself."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from monitor.access.models import User
from monitor.issues.models import Issue
from monitor.projects.models import Project
from tests.monitor_site.conftest import PASSWORD
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.in_browser import Opened

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


ROOMS = (
    "/issues/", "/performance/", "/releases/", "/crons/", "/feedback/", "/probes/", "/projects/", "/projects/new/",
    "/projects/hydroml/", "/projects/hydroml/edit/", "/projects/hydroml/set-up/?platform=other",
    "/projects/hydroml/keys/new/", "/system/", "/system/poison/", "/accounts/preferences/", "/accounts/password/",
    "/accounts/tokens/", "/accounts/users/", "/accounts/users/new/", "/accounts/audit/", "/accounts/person/",
)  # fmt: skip


@pytest.mark.parametrize(
    ("filled", "width", "scheme"),
    [(False, 360, "light"), (True, 360, "light"), (True, 1280, "dark")],
    ids=["empty, narrow", "narrow", "dark"],
)
def test_every_room_fits_and_keeps_to_the_policy(
    opened_as: Opened, as_admin: Client, deliver: Delivery, filled: bool, width: int, scheme: str
) -> None:
    if filled:
        deliver(
            {
                "message": "Word" * 60,
                "level": "error",
                "environment": "e" * 64,
                "release": "r" * 190,
                "tags": {"category": "database"},
            },
            ("event", b"{broken"),
        )
    of_issues = [
        f"/issues/{pk}/{rest}"
        for pk in Issue.objects.values_list("pk", flat=True)
        for rest in ("", "events/")
    ]
    there = [path for path in (*ROOMS, *of_issues) if as_admin.get(path).status_code == 200]
    assert {"/projects/", "/system/", "/accounts/users/"} <= set(there)
    page = opened_as(as_admin, there[0], width=width, color_scheme=scheme)
    for path in there:
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{path} is {beyond} pixels wider than the window"
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(20, 24, 27)" if scheme == "dark" else "rgb(251, 251, 249)"), path


def test_one_logs_in_by_keyboard_and_comes_where_one_wanted_to_go(opened_as: Opened, member: User) -> None:
    page = opened_as(None, "/projects/hydroml/set-up/?platform=node")
    page.keyboard.type(member.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/projects/hydroml/set-up/\?platform=node$"))


def test_the_theme_changes_at_once_and_stays(opened_as: Opened, as_viewer: Client, viewer: User) -> None:
    page = opened_as(as_viewer, "/projects/")
    page.get_by_label("Your account").click()
    with page.expect_response("**/accounts/theme/"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    viewer.refresh_from_db()
    assert viewer.theme == "dark"


def test_keys_search_move_and_help(opened_as: Opened, as_admin: Client, project: Project) -> None:
    Project.objects.create(slug="another", name="Another")
    page = opened_as(as_admin, "/projects/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_placeholder("Name", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/projects/hydroml/$"))


def test_a_new_project_is_set_up_until_its_first_event_is_there(
    opened_as: Opened, as_admin: Client, deliver: Delivery
) -> None:
    page = opened_as(as_admin, "/projects/new/")
    page.get_by_label("Name", exact=True).fill("Web shop")
    page.get_by_label("Short name").fill("shop")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("Waiting for the first event")).to_be_visible()
    page.get_by_role("button", name="Copy").first.click()
    made = Project.objects.get(slug="shop")
    assert page.evaluate("navigator.clipboard.readText()") == made.keys.get().dsn
    deliver({"message": "Hello from the shop", "level": "error"}, project=made)
    # By itself: nobody reloads it.
    expect(page.get_by_text("Hello from the shop")).to_be_visible(timeout=30_000)


def test_filters_are_sent_when_they_are_changed_and_go_along(
    opened_as: Opened, as_admin: Client, project: Project, other_project: Project
) -> None:
    page = opened_as(as_admin, "/system/")
    page.get_by_label("Period").select_option("7d")
    expect(page).to_have_url(re.compile("period=7d"))
    page.get_by_text("All projects").click()
    page.get_by_label("Other").check()
    page.get_by_role("button", name="Show these").click()
    expect(page).to_have_url(re.compile("project=other"))
    expect(page).to_have_url(re.compile("period=7d"))
    page.get_by_role("link", name="Projects", exact=True).click()
    expect(page).to_have_url(re.compile(r"/projects/\?project=other&.*period=7d|/projects/\?.*period=7d"))


def test_without_javascript_filters_have_a_button(
    opened_as: Opened, as_admin: Client, project: Project
) -> None:
    page = opened_as(as_admin, "/system/", java_script_enabled=False)
    page.get_by_label("Period").select_option("30d")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("period=30d"))


def test_the_queue_renews_itself(opened_as: Opened, as_viewer: Client, deliver: Delivery) -> None:
    page = opened_as(as_viewer, "/system/")
    digested = page.locator("#now").get_by_text("records since the beginning").locator("xpath=..")
    expect(digested).to_contain_text("0")
    deliver({"message": "x", "level": "error"})
    expect(digested).to_contain_text("1")


def test_a_chart_says_its_values_and_has_a_table(
    opened_as: Opened, as_admin: Client, deliver: Delivery
) -> None:
    deliver({"message": "x", "level": "error"})
    page = opened_as(as_admin, "/projects/hydroml/")
    chart = page.locator("figure.chart").first
    assert "1 event" in (chart.locator("rect.slot title").last.text_content() or "")
    chart.get_by_text("Figures as a table").click()
    expect(chart.get_by_role("row").last).to_contain_text("1 event")


def test_a_person_is_erased_with_two_clicks_and_a_tick(
    opened_as: Opened, as_admin: Client, deliver: Delivery
) -> None:
    deliver({"message": "x", "level": "error", "user": {"id": "u-17"}})
    page = opened_as(as_admin, "/accounts/person/")
    page.get_by_label("User id").fill("u-17")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="What is kept")).to_be_visible()
    assert "u-17" not in page.url
    page.get_by_label("Erase all that is kept").check()
    page.get_by_role("button", name="Erase", exact=True).click()
    expect(page.get_by_text("Erased: 1 event,")).to_be_visible()


def test_closing_an_account_asks_first(opened_as: Opened, as_admin: Client, member: User) -> None:
    page = opened_as(as_admin, f"/accounts/users/{member.pk}/")
    page.get_by_role("button", name="Close the account").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    member.refresh_from_db()
    assert member.is_active
    page.get_by_role("button", name="Close the account").click()
    page.get_by_role("dialog").get_by_role("button", name="Close the account").click()
    expect(page.get_by_text("The account of Mary is closed")).to_be_visible()

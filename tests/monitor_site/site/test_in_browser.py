"""The monitor's pages in Chromium: every address at each width and theme, the keyboard, and what moves by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from monitor.access.models import User
from monitor.projects.models import Project
from tests.monitor_site.conftest import PASSWORD
from tests.monitor_site.delivering import Delivery

pytestmark = pytest.mark.browser
Opened = Callable[..., Page]
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module", autouse=True)
def _django_beside_playwright() -> Iterator[None]:
    """Playwright's loop runs in this thread, and Django would refuse it the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def opened(browser: Browser, live_server: Any) -> Iterator[Opened]:
    """Opens a page, as whoever a client is logged in as; whatever it says on the console is a failure."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_page(path: str, client: Client | None = None, *, width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, base_url=live_server.url, **options
        )
        contexts.append(context)
        if client is not None:
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
        page = context.new_page()
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


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
    opened: Opened, as_admin: Client, deliver: Delivery, filled: bool, width: int, scheme: str
) -> None:
    if filled:
        deliver(
            {
                "message": "Word" * 60,
                "level": "error",
                "environment": "production",
                "tags": {"category": "database"},
            },
            ("event", b"{broken"),
        )
    there = [path for path in ROOMS if as_admin.get(path).status_code == 200]
    assert {"/projects/", "/system/", "/accounts/users/"} <= set(there)
    page = opened(there[0], as_admin, width=width, color_scheme=scheme)
    for path in there:
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{path} is {beyond} pixels wider than the window"
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(20, 24, 27)" if scheme == "dark" else "rgb(251, 251, 249)"), path


def test_one_logs_in_by_keyboard_and_comes_where_one_wanted_to_go(opened: Opened, member: User) -> None:
    page = opened("/projects/hydroml/set-up/?platform=node")
    page.keyboard.type(member.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/projects/hydroml/set-up/\?platform=node$"))


def test_the_theme_changes_at_once_and_stays(opened: Opened, as_viewer: Client, viewer: User) -> None:
    page = opened("/projects/", as_viewer)
    page.get_by_label("Your account").click()
    with page.expect_response("**/accounts/theme/"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    viewer.refresh_from_db()
    assert viewer.theme == "dark"


def test_keys_search_move_and_help(opened: Opened, as_admin: Client, project: Project) -> None:
    Project.objects.create(slug="another", name="Another")
    page = opened("/projects/", as_admin)
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
    opened: Opened, as_admin: Client, deliver: Delivery
) -> None:
    page = opened("/projects/new/", as_admin)
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
    opened: Opened, as_admin: Client, project: Project, other_project: Project
) -> None:
    page = opened("/system/", as_admin)
    page.get_by_label("Period").select_option("7d")
    expect(page).to_have_url(re.compile("period=7d"))
    page.get_by_text("All projects").click()
    page.get_by_label("Other").check()
    page.get_by_role("button", name="Show these").click()
    expect(page).to_have_url(re.compile("project=other"))
    expect(page).to_have_url(re.compile("period=7d"))
    page.get_by_role("link", name="Projects", exact=True).click()
    expect(page).to_have_url(re.compile(r"/projects/\?project=other&.*period=7d|/projects/\?.*period=7d"))


def test_without_javascript_filters_have_a_button(opened: Opened, as_admin: Client, project: Project) -> None:
    page = opened("/system/", as_admin, java_script_enabled=False)
    page.get_by_label("Period").select_option("30d")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("period=30d"))


def test_the_queue_renews_itself(opened: Opened, as_viewer: Client, deliver: Delivery) -> None:
    page = opened("/system/", as_viewer)
    digested = page.locator("#now").get_by_text("records since the beginning").locator("xpath=..")
    expect(digested).to_contain_text("0")
    deliver({"message": "x", "level": "error"})
    expect(digested).to_contain_text("1")


def test_a_chart_says_its_values_and_has_a_table(opened: Opened, as_admin: Client, deliver: Delivery) -> None:
    deliver({"message": "x", "level": "error"})
    page = opened("/projects/hydroml/", as_admin)
    chart = page.locator("figure.chart").first
    assert "1 event" in (chart.locator("rect.slot title").last.text_content() or "")
    chart.get_by_text("Figures as a table").click()
    expect(chart.get_by_role("row").last).to_contain_text("1 event")


def test_a_person_is_erased_with_two_clicks_and_a_tick(
    opened: Opened, as_admin: Client, deliver: Delivery
) -> None:
    deliver({"message": "x", "level": "error", "user": {"id": "u-17"}})
    page = opened("/accounts/person/", as_admin)
    page.get_by_label("User id").fill("u-17")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="What is kept")).to_be_visible()
    assert "u-17" not in page.url
    page.get_by_label("Erase all that is kept").check()
    page.get_by_role("button", name="Erase", exact=True).click()
    expect(page.get_by_text("Erased: 1 event,")).to_be_visible()


def test_closing_an_account_asks_first(opened: Opened, as_admin: Client, member: User) -> None:
    page = opened(f"/accounts/users/{member.pk}/", as_admin)
    page.get_by_role("button", name="Close the account").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    member.refresh_from_db()
    assert member.is_active
    page.get_by_role("button", name="Close the account").click()
    page.get_by_role("dialog").get_by_role("button", name="Close the account").click()
    expect(page.get_by_text("The account of Mary is closed")).to_be_visible()

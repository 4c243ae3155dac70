"""The list in Chromium: keys, ticking, bulk actions, its renewal; without JavaScript; narrow, light and dark."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from monitor.access.models import User
from monitor.issues import services
from monitor.issues.models import Issue
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.in_browser import Opened, check_fit
from tests.monitor_site.issues_list.events import failure

pytestmark = pytest.mark.browser
LIST = reverse("issues:list")


@pytest.fixture
def issues(deliver: Delivery) -> list[Issue]:
    """Five; the list has the last one first."""
    deliver(*(failure(f"f{number}", value=f"failure {number}") for number in range(1, 6)))
    return list(Issue.objects.order_by("number"))


def ticked(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "input[name=issue]:checked", "boxes => boxes.map(box => box.getAttribute('aria-label').slice(-1))"
    )
    return found


def renew(page: Page) -> None:
    """What happens every fifteen seconds."""
    with page.expect_response(re.compile(r"/issues/live/")):
        page.evaluate("htmx.trigger(document.querySelector('[data-renewed-every]'), 'issues:renew')")


def test_triage_by_keys_alone(opened: Opened, issues: list[Issue]) -> None:
    page = opened(LIST)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="failure 4")).to_be_focused()
    page.keyboard.press("e")
    expect(page.get_by_text("HYDROML-4 resolved.")).to_be_visible()
    # One goes on where one was: the next one stands there now.
    expect(page.get_by_role("link", name="failure 3")).to_be_focused()
    page.keyboard.press("i")
    expect(page.get_by_text("HYDROML-3 ignored until it escalates.")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_text("1 issue unresolved again.")).to_be_visible()
    expect(page.get_by_role("link", name="failure 3")).to_be_visible()
    assert dict(Issue.objects.values_list("number", "status")) == {
        1: "unresolved",
        2: "unresolved",
        3: "unresolved",
        4: "resolved",
        5: "unresolved",
    }
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/issues/{issues[4].pk}/"))


def test_ticking_by_key_and_by_shift(opened: Opened, issues: list[Issue]) -> None:
    page = opened(LIST)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert ticked(page) == ["5", "4"]
    expect(page.get_by_text("2 ticked")).to_be_visible()
    page.keyboard.press("x")
    assert ticked(page) == ["5"]
    page.get_by_label("Tick HYDROML-5").uncheck()
    page.get_by_label("Tick HYDROML-4").click()
    page.get_by_label("Tick HYDROML-1").click(modifiers=["Shift"])
    assert ticked(page) == ["4", "3", "2", "1"]
    page.get_by_label("Tick all on this page").check()
    assert len(ticked(page)) == 5
    # The keys go on from a box that was clicked.
    page.keyboard.press("k")
    page.get_by_label("Tick all on this page").uncheck()
    assert ticked(page) == []


def test_nothing_is_offered_for_nothing_ticked(opened: Opened, issues: list[Issue]) -> None:
    page = opened(LIST)
    resolve = page.locator("summary", has_text="Resolve")
    expect(resolve).to_have_attribute("aria-disabled", "true")
    resolve.click()
    expect(page.get_by_role("button", name="Resolve in the next release")).to_be_hidden()
    page.get_by_label("Tick HYDROML-2").check()
    resolve.click()
    page.get_by_role("button", name="Resolve in the next release").click()
    expect(page.get_by_text("HYDROML-2 resolved in the next release.")).to_be_visible()
    expect(page.locator("[data-item]")).to_have_count(4)


def test_assigning_and_merging_by_keys(opened: Opened, issues: list[Issue], member: User) -> None:
    page = opened(LIST)
    for _ in range(3):
        page.keyboard.press("j")
        page.keyboard.press("x")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Me", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 issues assigned to Mary.")).to_be_visible()
    expect(page.get_by_role("img", name="Assigned to Mary")).to_have_count(3)
    page.get_by_label("Tick HYDROML-4").check()
    page.get_by_label("Tick HYDROML-5").check()
    page.get_by_label("Tick HYDROML-5").blur()
    page.keyboard.press("m")
    expect(page.get_by_role("link", name="Open HYDROML-4")).to_be_visible()
    expect(page.locator("[data-item]")).to_have_count(4)


def test_figures_are_renewed_where_they_stand(
    opened: Opened, issues: list[Issue], deliver: Delivery, admin: User
) -> None:
    page = opened(LIST)
    page.keyboard.press("j")
    page.keyboard.press("x")
    before = page.locator("[data-item]").all_inner_texts()
    deliver(failure("f1", value="failure 1", suppressed=98), failure("new", value="something new"))
    services.assign(Issue.objects.filter(number=2), admin, admin)
    renew(page)
    expect(page.locator(f"#i{issues[0].pk}-times")).to_have_text("100")
    expect(page.get_by_role("img", name="Assigned to Ada")).to_be_visible()
    # Nothing has moved, what was ticked is, and the focus is where it was.
    after = page.locator("[data-item]").all_inner_texts()
    assert [text.splitlines()[0] for text in before] == [text.splitlines()[0] for text in after]
    assert ticked(page) == ["5"]
    expect(page.get_by_role("link", name="failure 5")).to_be_focused()
    news = page.get_by_role("link", name="1 new issue matches. Show it")
    expect(news).to_be_visible()
    news.click()
    expect(page.locator("[data-item]").first).to_contain_text("something new")


def test_it_is_not_renewed_while_nobody_looks(opened: Opened, issues: list[Issue]) -> None:
    """The page asks when it is looked at again, and not while it is hidden."""
    page = opened(LIST)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/live/" in request.url else None)
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s})"
    page.evaluate(hide % "true")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.evaluate("new Promise(resolve => setTimeout(resolve))")
    assert asked == []
    page.evaluate(hide % "false")
    with page.expect_response(re.compile(r"/issues/live/")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_mistake_is_mended_where_it_was_made(opened: Opened, issues: list[Issue]) -> None:
    page = opened(LIST)
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Search issues", exact=True)
    expect(field).to_be_focused()
    page.keyboard.type("is:unresolvd failure")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Did you mean is:unresolved?")
    expect(field).to_have_value("is:unresolvd failure")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-item]")).to_have_count(0)
    field.fill("is:unresolved failure 3")
    field.press("Enter")
    expect(page.locator("[data-item]")).to_have_count(1)


def test_enter_in_a_box_presses_nothing(opened: Opened, issues: list[Issue]) -> None:
    page = opened(LIST)
    page.get_by_label("Tick HYDROML-2").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"{LIST}$"))
    assert ticked(page) == ["2"]
    plain = opened(LIST, java_script_enabled=False)
    plain.get_by_label("Tick HYDROML-2").check()
    with plain.expect_navigation():
        plain.get_by_label("Tick HYDROML-2").press("Enter")
    expect(plain.locator("[data-item]")).to_have_count(5)
    assert not Issue.objects.exclude(status="unresolved").exists()


def test_without_javascript(opened: Opened, issues: list[Issue]) -> None:
    page = opened(LIST, java_script_enabled=False)
    page.get_by_label("Tick HYDROML-2").check()
    page.get_by_label("Tick HYDROML-4").check()
    page.locator("summary", has_text="Ignore").click()
    page.get_by_role("button", name="For a day").click()
    expect(page.get_by_text("2 issues ignored for a day.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 issues unresolved again.")).to_be_visible()
    page.get_by_label("Tick HYDROML-1").check()
    page.get_by_label("More").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete HYDROML-1?")
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("1 issue deleted.")).to_be_visible()
    expect(page.locator("[data-item]")).to_have_count(4)
    page.get_by_role("link", name="Events").click()
    expect(page).to_have_url(re.compile("sort=events"))


def test_all_that_match_beyond_the_page(opened: Opened, deliver: Delivery) -> None:
    deliver(*(failure(f"f{number}") for number in range(30)))
    page = opened(LIST)
    page.get_by_label("All that match (30)").check()
    page.locator("summary", has_text="Resolve").click()
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_text("30 issues resolved.")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing to do")).to_be_visible()


def test_nothing_is_wider_than_the_window(opened: Opened, deliver: Delivery) -> None:
    deliver(
        failure("a", type_="E" * 180, value="x" * 900, transaction="/" + "y" * 240, release="z" * 190),
        failure("b", tags={"category": "c" * 60, "severity": "P0"}, user="7"),
    )
    paths = [f"{LIST}{query}" for query in ("", "?q=", "?q=category:databse", "?q=zzz")]
    windows = ((360, "light"), (768, "dark"), (1024, "light"), (1600, "light"))
    check_fit(opened(LIST), paths, windows)


def test_on_a_narrow_screen_everything_is_there(opened: Opened, issues: list[Issue]) -> None:
    page = opened(LIST, width=360)
    page.locator("summary", has_text="By last seen").click()
    page.get_by_role("link", name="Events").first.click()
    expect(page).to_have_url(re.compile("sort=events"))
    item = page.locator("[data-item]").first
    for words in ("1", "failure", "HYDROML-"):
        expect(item).to_contain_text(words)
    page.get_by_label("Tick HYDROML-3").check()
    page.locator("summary", has_text="Resolve").click()
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_text("HYDROML-3 resolved.")).to_be_visible()

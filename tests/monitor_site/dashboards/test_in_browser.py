"""Dashboards in Chromium: renewal, keys, narrow screens, paper, sharing, one axis, and life without JavaScript."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.in_browser import Opened, check_fit
from tests.monitor_site.metrics.sending import item, metric

pytestmark = pytest.mark.browser
PATHS = (
    "/dashboards/",
    "/dashboards/sre/?more=1",
    "/dashboards/development/?more=1",
    "/dashboards/business/?more=1",
    "/dashboards/ml_pipeline/?more=1",
    "/dashboards/correlation/",
    "/dashboards/volume/",
    "/dashboards/events/?by=category&level=all",
    "/dashboards/events/?severity=P0,P1",
    "/slos/",
    "/slos/availability/",
)


def _requests(deliver: Delivery, failed: int) -> None:
    at = time.time() - 60
    deliver(
        item(
            metric("requests", 100 - failed, at, route="a/", status="200"),
            metric("requests", failed, at, route="a/", status="500"),
        )
    )


def _renew(page: Page) -> None:
    """Now, and not after the seconds of the strategy."""
    page.evaluate("htmx.trigger(document.querySelector('[data-dashboard-every]'), 'dashboard:renew')")


def test_figures_change_where_they_stand_and_what_is_unfolded_stays_so(
    opened: Opened, deliver: Delivery
) -> None:
    _requests(deliver, 1)
    page = opened("/dashboards/sre/")
    rate = page.locator("#panel-error_rate")
    expect(rate.locator(".dash-figure")).to_have_text("1 %")
    rate.get_by_text("Figures as a table").click()
    page.evaluate("window.same = true")
    _requests(deliver, 11)
    _renew(page)
    expect(rate.locator(".dash-figure")).to_have_text("6 %")
    expect(rate.locator("details")).to_have_attribute("open", "")
    expect(rate.locator("summary")).to_be_focused()
    assert page.evaluate("window.same") is True


def test_it_asks_by_itself_while_it_is_looked_at_and_not_when_it_is_hidden(
    opened: Opened, deliver: Delivery
) -> None:
    _requests(deliver, 1)
    page = opened("/dashboards/sre/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/panels/" in request.url else None)
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    page.evaluate(hide % "true")
    page.evaluate("const now = Date.now; Date.now = () => now() + 3600_000")
    page.wait_for_timeout(2500)
    assert asked == []
    with page.expect_response(re.compile("/dashboards/sre/panels/")):
        page.evaluate(hide % "false")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_by_keys_from_panel_to_panel_and_to_what_is_behind_one(opened: Opened, deliver: Delivery) -> None:
    _requests(deliver, 1)
    page = opened("/dashboards/sre/")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/performance/metrics/requests/\?.*by=status"))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operation")


def test_a_figure_leads_to_where_it_is_counted_and_from_there_to_its_issues(
    opened: Opened, two_days: float
) -> None:
    page = opened("/dashboards/sre/")
    critical = page.locator("#panel-critical_errors .dash-figure")
    number = critical.inner_text()
    critical.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Events by severity")
    expect(page.locator("dl.figures dd").first).to_have_text(number)
    page.get_by_role("link", name="P0, P1 ×").click()
    page.get_by_role("link", name="Category", exact=True).click()
    expect(page).to_have_url(re.compile("by=category"))
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/issues/.*category"))
    page.go_back()
    page.get_by_role("link", name="All events").click()
    expect(page).to_have_url(re.compile("level=all"))


def test_filters_go_along_from_one_to_another(opened: Opened, two_days: float) -> None:
    page = opened("/dashboards/sre/")
    page.locator("#filter-period").select_option("7d")
    expect(page).to_have_url(re.compile("period=7d"))
    page.get_by_role("navigation", name="Other dashboards").get_by_role("link", name="Business").click()
    expect(page).to_have_url(re.compile(r"/dashboards/business/\?.*period=7d"))
    expect(page.locator("#filter-environment")).to_have_value("production")
    page.locator("#filter-environment").select_option("")
    expect(page.locator("#filter-environment")).to_have_value("")


def test_full_nothing_is_wider_than_the_window(opened: Opened, two_days: float) -> None:
    check_fit(opened(PATHS[0]), PATHS)


def test_empty_nothing_is_wider_than_the_window(opened: Opened, project: Project) -> None:
    check_fit(opened(PATHS[0]), PATHS)


@pytest.mark.parametrize("name", ["sre", "development", "business", "ml_pipeline"])
def test_a_dashboard_prints_on_one_page(opened: Opened, two_days: float, name: str) -> None:
    page = opened(f"/dashboards/{name}/?more=1", color_scheme="dark")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) == 1
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in {
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    }
    expect(page.locator(".site-head")).to_be_hidden()


def test_sharing_and_revoking(opened: Opened, two_days: float, browser: Browser, live_server: Any) -> None:
    page = opened("/dashboards/business/")
    page.get_by_text("Share", exact=True).click()
    page.get_by_label("For whom").fill("the board")
    page.get_by_label("Until it expires").select_option("1")
    page.get_by_role("button", name="Make a link").click()
    address = page.locator("#shared-address").inner_text()
    stranger = browser.new_context(base_url=live_server.url)
    shared = stranger.new_page()
    shared.goto(address)
    expect(shared.get_by_role("heading", level=1)).to_have_text("Business")
    expect(shared.locator("#panel-objectives")).to_contain_text("requests were answered")
    with shared.expect_response(re.compile("/panels/")) as answer:
        _renew(shared)
    assert answer.value.status == 200
    page.goto("/dashboards/")
    page.get_by_role("button", name="Revoke").click()
    page.locator("dialog[open]").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("leads nowhere from now on")).to_be_visible()
    refused = shared.goto(address)
    assert refused is not None
    assert refused.status == 404
    stranger.close()


def test_a_moment_is_pointed_at_in_all_charts_of_the_axis(opened: Opened, two_days: float) -> None:
    page = opened("/dashboards/correlation/")
    plots = page.locator("[data-together] .chart-plot")
    plots.first.locator("rect.slot").nth(7).hover()
    number = plots.count()
    assert number == 7
    expect(page.locator("rect.slot.pointed")).to_have_count(number)
    for plot in range(number):
        expect(plots.nth(plot).locator("rect.slot").nth(7)).to_have_class(re.compile("pointed"))


def test_without_javascript_everything_is_there(opened: Opened, two_days: float) -> None:
    page = opened("/dashboards/sre/", java_script_enabled=False)
    expect(page.get_by_text("renewed every")).to_be_hidden()
    expect(page.locator("#panel-error_rate .dash-figure")).to_contain_text("%")
    page.get_by_role("link", name="6 more panels").click()
    expect(page.locator("#panel-memory .dash-figure")).to_contain_text("MB")
    page.locator("#filter-period").select_option("7d")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("more=1.*period=7d|period=7d.*more=1"))

"""From sign-up to two compared experiments in a real browser, in light and dark, with real input where it is."""

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.conftest import SHARED_DATA
from tests.live.system import LiveSystem

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(600)]

PASSWORD = "kt9-river-bed"
WORK_TIMEOUT_MS = 150_000
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


class Walk:
    """A page that notes what a user should never meet: script errors, refused styles, requests to other hosts."""

    def __init__(self, page: Page, address: str, theme: str) -> None:
        self.page, self.address, self.theme = page, address, theme
        self.faults: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("request", self._request)

    def _console(self, message: object) -> None:
        if message.type in ("error", "warning"):  # type: ignore[attr-defined]
            self.faults.append(f"{self.page.url}: {message.text}")  # type: ignore[attr-defined]

    def _request(self, request: object) -> None:
        url: str = request.url  # type: ignore[attr-defined]
        if not url.startswith((self.address, "data:", "blob:")):
            self.faults.append(f"{self.page.url} asks {url}")

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def follow(self, link: Locator) -> None:
        """Click what leads to another page, and wait for that page."""
        with self.page.expect_navigation():
            link.click()

    def _too_wide_by(self) -> int:
        """Pixels by which the page is wider than the window, once plots have followed the window's new size."""
        for _ in range(300):
            over = self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if over <= 0:
                break
            self.page.wait_for_timeout(100)
        return int(over)

    def look(self, name: str) -> None:
        """The page fits a phone and a desk; keeps a picture of both where SCREENSHOTS says."""
        for size in (PHONE, DESK):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            over = self._too_wide_by()
            assert over <= 0, f"{name} is {over} px too wide at {size['width']}"
            if directory := os.environ.get("SCREENSHOTS"):
                path = Path(directory) / f"{name}-{self.theme}-{size['width']}.png"
                self.page.screenshot(path=path, full_page=True)


@pytest.fixture(params=["light", "dark"])
def walk(browser: Browser, live: LiveSystem, request: pytest.FixtureRequest) -> Iterator[Walk]:
    context = browser.new_context(viewport=DESK, color_scheme=request.param)  # type: ignore[arg-type]
    yield Walk(context.new_page(), live.address, request.param)
    context.close()


@pytest.fixture
def river(catchment_file: Path) -> Path:
    """The Narraguagus where ../shared holds it, else a synthetic river."""
    real = SHARED_DATA / "camels_01022500.csv"
    return real if real.is_file() else catchment_file


def test_from_sign_up_to_a_comparison(walk: Walk, river: Path) -> None:
    page = walk.page
    walk.go("/")
    walk.look("home")
    sign_up(walk)
    expect(page.get_by_role("heading", level=1)).to_have_text("Projects")
    walk.look("projects-empty")
    walk.follow(page.get_by_role("link", name="New project").first)
    page.get_by_label("Name").fill("Narraguagus")
    walk.follow(page.get_by_role("button", name="Make the project"))
    walk.look("project-empty")
    source = upload(walk, river)
    walk.look("source")
    experiments = [train(walk, source, model) for model in ("Gradient boosting", "Linear (ridge)")]
    walk.look("experiment")
    walk.go("/experiments/")
    walk.look("experiments")
    for box in page.get_by_role("checkbox").all():
        box.check()
    walk.follow(page.get_by_role("button", name="Compare the ticked"))
    expect(page.get_by_role("columnheader")).to_have_count(3)
    expect(page.locator(".plot .bk-Figure").first).to_be_visible()
    walk.look("compare")
    assert len(set(experiments)) == 2
    for path in ("/data/", "/accounts/preferences/", "/projects/"):
        walk.go(path)
        walk.look(path.strip("/").replace("/", "-"))
    assert walk.faults == []


def sign_up(walk: Walk) -> None:
    page = walk.page
    walk.follow(page.get_by_role("link", name="Make an account"))
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Email address").fill(f"ada-{walk.theme}-{secrets.token_hex(4)}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    walk.look("signup")
    walk.follow(page.get_by_role("button", name="Make the account"))


def upload(walk: Walk, river: Path) -> str:
    """The address of the data source once it is ready."""
    page = walk.page
    walk.follow(page.get_by_role("link", name="Upload data").first)
    page.locator("input[type=file]").set_input_files(river)
    walk.look("upload")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(re.compile(r"/data/[0-9a-f-]{36}/"))
    expect(page.locator(".plot .bk-Figure").first).to_be_visible(timeout=WORK_TIMEOUT_MS)
    if river.name.startswith("camels"):
        expect(page.locator("main")).to_contain_text("converted from cubic feet per second")
        expect(page.locator("main")).to_contain_text("2003-01-01")
        expect(page.locator("main")).to_contain_text("m³/s")
    return page.url


def train(walk: Walk, source: str, model: str) -> str:
    """The address of the experiment once it is trained."""
    page = walk.page
    page.goto(source)
    walk.follow(page.get_by_role("link", name="New experiment").first)
    page.get_by_label("Name").fill(f"{model}, 1 day ahead")
    page.get_by_label(model).check()
    walk.look("experiment-form")
    walk.follow(page.get_by_role("button", name="Train"))
    page.wait_for_url(re.compile(r"/experiments/[0-9a-f-]{36}/"))
    expect(page.get_by_role("columnheader", name="persistence").first).to_be_visible(timeout=WORK_TIMEOUT_MS)
    expect(page.locator("main")).to_contain_text(re.compile(r"(beats|does not beat) persistence"))
    expect(page.locator(".plot .bk-Figure").first).to_be_visible()
    return page.url

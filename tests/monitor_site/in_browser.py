"""Pages in Chromium: what the browser tests of all rooms share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from tests.kept_page import KeptPage, watch

Opened = Callable[..., Page]
WINDOWS = ((360, "dark"), (1280, "light"))
HEIGHT = 900


@pytest.fixture(scope="module")
def beside_playwright() -> Iterator[None]:
    """Playwright's loop runs in this thread, and Django would refuse it the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="session")
def kept_page(browser: Browser, live_server: Any) -> KeptPage:
    return KeptPage(browser, live_server.url)


@pytest.fixture
def opened_as(
    beside_playwright: None, browser: Browser, kept_page: KeptPage, live_server: Any
) -> Iterator[Opened]:
    """`opened_as(client, path, width=…, color_scheme=…)`: a page as whoever `client` is logged in as, None for a stranger.

    The first is the kept one, unless the test has other wishes. Whatever a page says on the console is a failure, and
    so is a dialog of the browser's own.
    """
    contexts: list[BrowserContext] = []
    said: list[str] = []
    is_taken = False

    def open_page(
        client: Client | None, path: str, *, width: int = 1280, color_scheme: Any = "light", **options: Any
    ) -> Page:
        nonlocal is_taken
        if is_taken or options:
            look = {"viewport": {"width": width, "height": HEIGHT}, "color_scheme": color_scheme}
            contexts.append(browser.new_context(**look, base_url=live_server.url, **options))
            page = contexts[-1].new_page()
            watch(page, said)
        else:
            is_taken = True
            page = kept_page.take(width=width, height=HEIGHT, color_scheme=color_scheme)
        if client is not None:
            name = settings.SESSION_COOKIE_NAME
            value = client.cookies[name].value
            page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    if is_taken:
        kept_page.give_back()
        said += kept_page.said
    assert said == []


@pytest.fixture
def opened(opened_as: Opened, as_member: Client) -> Opened:
    """The same as a member: `opened(path, …)`."""
    return partial(opened_as, as_member)


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found


def check_fit(page: Page, paths: Iterable[str], windows: Iterable[tuple[int, str]] = WINDOWS) -> None:
    """Each address in one window, at each width and theme: nothing is wider than the window."""
    for path in paths:
        page.goto(path)
        for width, scheme in windows:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert too_wide(page) <= 0, f"{path}, {width} pixels, {scheme}"

"""Pages in Chromium as a member sees them: fixtures of the browser tests of releases, crons and feedback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def beside_playwright() -> Iterator[None]:
    """Playwright's loop runs in this thread, and Django would refuse it the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def opened(
    beside_playwright: None, browser: Browser, live_server: Any, as_member: Client
) -> Iterator[Opened]:
    """Opens a page as a member. Whatever it says on the console is a failure, as is a page wider than the window."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_page(path: str, *, width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, base_url=live_server.url, **options
        )
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": as_member.cookies[name].value, "url": live_server.url}])
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: said.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found

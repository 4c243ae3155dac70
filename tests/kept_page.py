"""One page for test after test, as good as new: a process of its own for each takes a second or two of a core."""

from __future__ import annotations

from typing import Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page

FORGET = "() => { localStorage.clear(); sessionStorage.clear(); }"


class KeptPage:
    """A page that is given to one test at a time, with no cookie, storage, permission or second window of the one before.

    What a test listens to goes on calling it; `said` is emptied.
    """

    def __init__(self, browser: Browser, base_url: str | None = None) -> None:
        self.said: list[str] = []
        """What the page has said on the console, warnings and errors; dialogs of the browser's own, which are dismissed."""
        self._browser = browser
        self._base_url = base_url
        self._page: Page | None = None

    def take(
        self, *, width: int = 1280, height: int = 800, color_scheme: Literal["light", "dark"] = "light"
    ) -> Page:
        self.said.clear()
        page = self._page = self._page or self._made()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(
            color_scheme=color_scheme,
            media="null",
            reduced_motion="null",
            forced_colors="null",
            contrast="null",
        )
        return page

    def give_back(self) -> None:
        """A page that does not let itself be emptied is closed, and the next one is new."""
        if self._page is None:
            return
        page, self._page = self._page, None
        try:
            self._empty(page)
        except Exception:
            page.context.close()
            raise
        self._page = page

    def _made(self) -> Page:
        page = self._browser.new_context(base_url=self._base_url).new_page()
        watch(page, self.said)
        return page

    def _empty(self, page: Page) -> None:
        context: BrowserContext = page.context
        for other in context.pages:
            if other is not page:
                other.close()
        if page.url.startswith("http"):
            page.evaluate(FORGET)
        page.goto("about:blank")
        context.clear_cookies()
        context.clear_permissions()


def watch(page: Page, said: list[str]) -> None:
    """Adds to `said` whatever this page says on the console as a warning or an error, and each dialog."""

    def refuse(dialog: Dialog) -> None:
        said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def note(line: ConsoleMessage) -> None:
        # Chromium's own remark on the answer to a form that could not be taken.
        if line.type in ("error", "warning") and "status of 422" not in line.text:
            said.append(line.text)

    page.on("console", note)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", refuse)

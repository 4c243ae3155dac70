"""A browser without JavaScript, as far as `script/demo --check` needs one."""

import time
from pathlib import Path

import httpx

from stack.page import Form, Page

WORK_WITHIN_S = 90


class WalkError(Exception):
    """A page is not what it should be; the message says which and why."""


class Visitor:
    """A browser with cookies and no JavaScript."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, follow_redirects=True, timeout=30)
        self.path = "/"
        self.page = Page("")

    def get(self, path: str) -> Page:
        return self._show(self.client.get(path))

    def submit(self, form: Form, upload: Path | None = None, **values: str) -> Page:
        """Fill in the form of the page that is open, and press its button."""
        data = form.values | {name: [value] for name, value in values.items()}
        path, headers = form.action or self.path, {"Referer": str(self.client.base_url.join(self.path))}
        if upload is None:
            return self._show(self.client.post(path, data=data, headers=headers))
        with upload.open("rb") as stream:
            files = {"file": (upload.name, stream, "text/csv")}
            return self._show(self.client.post(path, data=data, files=files, headers=headers))

    def data(self, path: str) -> httpx.Response:
        """What is not a page: a plot, a download, an asset."""
        answer = self.client.get(path)
        if not answer.is_success or not answer.content:
            raise WalkError(f"{path} answered {answer.status_code} with {len(answer.content)} bytes")
        return answer

    def wait_for_work(self) -> Page:
        """Open the page again until its work is over. Raises WalkError unless it succeeded."""
        deadline = time.monotonic() + WORK_WITHIN_S
        while (state := (self.page.states or ["missing"])[0]) in ("queued", "running"):
            if time.monotonic() > deadline:
                raise WalkError(f"{self.path} is still {state} after {WORK_WITHIN_S} s")
            time.sleep(0.3)
            self.get(self.path)
        if state != "succeeded":
            raise WalkError(f"{self.path} is {state}: {self.page.text[:600]}")
        return self.page

    def expect(self, *words: str) -> None:
        """Raises WalkError when the open page lacks one of these."""
        if missing := [word for word in words if word not in self.page.text]:
            raise WalkError(f"{self.path} does not say {', '.join(missing)}. It says: {self.page.text[:600]}")

    def _show(self, answer: httpx.Response) -> Page:
        self.path, self.page = answer.url.raw_path.decode(), Page(answer.text)
        if not answer.is_success:
            raise WalkError(f"{self.path} answered {answer.status_code}: {self.page.text[:600]}")
        return self.page

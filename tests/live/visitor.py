"""A person with a browser that runs no scripts: forms with their tokens, over HTTP."""

import re
from pathlib import Path
from typing import Any, Self

import httpx

from tests.live.system import wait_for

PASSWORD = "kt9-river-bed"


class Visitor:
    """Keeps cookies; posts what a form would post."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=address, follow_redirects=True, timeout=150)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def sign_up(self, email: str) -> None:
        self.post(
            "/accounts/signup/",
            {"name": "Ada Lovelace", "email": email, "password1": PASSWORD, "password2": PASSWORD},
        )

    def get(self, path: str) -> str:
        answer = self.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(
        self,
        path: str,
        data: dict[str, Any],
        *,
        files: dict[str, Any] | None = None,
        form_at: str | None = None,
    ) -> httpx.Response:
        """Post to `path` with the token of the form there, or of the page `form_at`."""
        page = self.http.get(form_at or path).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None, f"no form at {form_at or path}"
        return self.http.post(path, data={**data, "csrfmiddlewaretoken": token.group(1)}, files=files)

    def make_project(self, name: str) -> str:
        """The new project's id."""
        return _uuid_of(self.post("/projects/new/", {"name": name, "description": ""}))

    def upload(self, project: str, file: Path) -> str:
        """The new data source's id."""
        with file.open("rb") as content:
            answer = self.post(f"/data/upload/{project}/", {}, files={"file": (file.name, content)})
        return _uuid_of(answer)

    def wait_until_over(self, path: str, *, timeout_s: float = 150) -> str:
        """The page once it no longer asks for progress."""

        def over() -> str | None:
            page = self.get(path)
            return None if 'hx-trigger="every' in page else page

        return wait_for(f"{path} is over", over, timeout_s=timeout_s, every_s=0.3)

    def train(self, project: str, source: str, **changes: Any) -> str:
        """Post the experiment form as it stands, with changes; the new experiment's id."""
        path = f"/experiments/new/{project}/?source={source}"
        data = form_values(self.get(path)) | changes
        return _uuid_of(self.post(f"/experiments/new/{project}/", data, form_at=path))


def form_values(page: str) -> dict[str, Any]:
    """What a browser would send for the main form of a page as it stands."""
    values: dict[str, Any] = {}
    main = page[page.index("<main") :]
    for tag in re.findall(r"<input[^>]*>", main):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        name, kind = attributes.get("name"), attributes.get("type", "text")
        if not name or (kind in ("checkbox", "radio") and " checked" not in tag):
            continue
        value = attributes.get("value", "on" if kind == "checkbox" else "")
        values.setdefault(name, []).append(value)
    for name, body in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', main, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body) or re.search(r'value="([^"]*)"', body)
        values[name] = [chosen.group(1)] if chosen else []
    for name, body in re.findall(r'<textarea name="(\w+)"[^>]*>(.*?)</textarea>', main, re.S):
        values[name] = [body.strip()]
    return values


def _uuid_of(answer: httpx.Response) -> str:
    found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(answer.url))
    assert answer.status_code == 200, f"{answer.url}: {answer.status_code}\n{_errors(answer.text)}"
    assert found is not None, f"still at {answer.url}: {_errors(answer.text)}"
    return found.group()


def _errors(page: str) -> str:
    return " ".join(re.findall(r'class="errorlist[^>]*>(.*?)</ul>', page, re.S))[:1000] or page[:500]

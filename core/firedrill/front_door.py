"""Asks the application as a browser would, with an id and a canary of the drill's own in each request."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx

LAB = "/test-sentry-error/"
_ERROR_ID = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")
_EVENT_ID = re.compile(r"Event <code>([0-9a-f]{32})</code>")
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def new_canary() -> str:
    """Ten letters and digits that look like nothing: only its name, form or place can give a secret away."""
    return f"k{secrets.token_hex(4)}v"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `asked_at` is wall time in seconds: nothing can have been raised before it."""

    status: int
    text: str
    headers: Mapping[str, str]
    request_id: str
    canary: str
    asked_at: float
    took_s: float

    @property
    def error_id(self) -> str:
        """As its header says it, if it also stands on the page."""
        said = self.headers.get("x-error-id", "")
        return said if _ERROR_ID.fullmatch(said) and said in self.text else ""

    @property
    def event_id(self) -> str:
        found = _EVENT_ID.search(self.text)
        return found[1] if found else ""

    @property
    def feedback_form(self) -> dict[str, str]:
        """The hidden fields of the form for the visitor's words; empty where there is none."""
        if "data-feedback" not in self.text:
            return {}
        return {name: unescape(value) for name, value in _HIDDEN.findall(self.text)}


@dataclass
class FrontDoor:
    """The application at `address`. Redirects are not followed: what answered is what is judged.

    `is_person`: keeps its cookies, as somebody who signs in does; without it each request comes from somebody new.
    """

    address: str
    run: str
    is_person: bool = False
    client: httpx.Client = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.address, timeout=60, trust_env=False)

    def ask(self, path: str, *, params: Mapping[str, str] | None = None) -> Answer:
        """GET, with the canary where secrets are: a token in the query, an authorisation, a key, a cookie.

        Raises httpx.HTTPError when nobody answers.
        """
        canary = new_canary()
        headers = {"Authorization": f"Bearer {canary}", "X-Api-Key": canary}
        if not self.is_person:
            self.client.cookies.clear()
            headers["Cookie"] = f"sessionid={canary}; theme=dark"
        return self._send("GET", path, canary, headers, params={**(params or {}), "token": canary})

    def lab(self, kind: str) -> Answer:
        """Have it fail in the way that the laboratory calls `kind`."""
        return self.ask(LAB, params={"type": kind})

    def record_of(self, kind: str, request_id: str) -> str:
        """The laboratory's page about one request: what left the process, as it left."""
        params = {"type": kind, "request": request_id}
        return unescape(self.client.get(f"{LAB}arrived/", params=params).text)

    def post(self, path: str, data: Mapping[str, str]) -> Answer:
        """A form, as the browser that has the cookies would send it."""
        token = self.client.cookies.get("csrftoken") or ""
        headers = {"Referer": f"{self.address}{path}", "X-CSRFToken": token}
        return self._send("POST", path, new_canary(), headers, data=dict(data))

    def is_ready(self) -> bool:
        """Its database and all that it cannot do without answer."""
        try:
            return self.client.get("/readyz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _send(self, method: str, path: str, canary: str, headers: dict[str, str], **content: Any) -> Answer:
        self._count += 1
        request_id = f"drill-{self.run}-{self._count:04}"
        asked_at, began = time.time(), time.monotonic()
        answer = self.client.request(
            method, path, headers=headers | {"X-Request-ID": request_id, "Accept": "text/html"}, **content
        )
        return Answer(
            answer.status_code,
            answer.text,
            {name.lower(): value for name, value in answer.headers.items()},
            request_id,
            canary,
            asked_at,
            time.monotonic() - began,
        )

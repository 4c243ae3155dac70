"""Sentry's web API over HTTPS: pages, rate limits, errors that say what to do.

https://docs.sentry.io/api/. urllib3, because the SDK brings it along: a project that copies `core` installs nothing more.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import certifi
import urllib3

ATTEMPTS = 5
LONGEST_WAIT_S = 90.0
TIMEOUT_S = 30.0
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next";\s*results="true"')
_PAST_REDOING = frozenset({"POST"})
"""A POST that was not answered may have made its object: it is not sent twice."""


class SentryApiError(Exception):
    """The API refused, or did not answer. Its text names the request, the status and the way out."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


_WAYS_OUT = {
    400: "Sentry does not accept this content; the message above names the field.",
    401: "SENTRY_AUTH_TOKEN is not valid: make one under Settings, Developer Settings, Internal Integrations.",
    403: "The token's scopes do not allow this: `provision_sentry --scopes` lists those that are needed.",
    404: "Check --org, --project and --url: a region's organisations are at https://de.sentry.io or https://us.sentry.io.",
    409: "An object of this name exists already and is not ours: rename one of the two.",
}


@dataclass
class SentryApi:
    """A client for one host and token. `sleep` and `clock` are for tests."""

    url: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    requests: int = 0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or (parts.scheme == "http" and not local)
        ):
            raise SentryApiError(
                f"{self.url!r} is no address of a Sentry: use https://, as in https://de.sentry.io."
            )
        self._pool = urllib3.PoolManager(
            timeout=TIMEOUT_S, retries=False, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where()
        )

    def get(self, path: str, **query: Any) -> Any:
        """The answer's JSON."""
        return self._call("GET", self._address(path, query))[0]

    def get_all(self, path: str, **query: Any) -> Iterator[Any]:
        """The items of all pages: https://docs.sentry.io/api/pagination/."""
        address: str | None = self._address(path, query)
        while address:
            items, headers = self._call("GET", address)
            yield from items
            found = _NEXT.search(headers.get("Link", ""))
            address = self._same_host(found[1]) if found else None

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("POST", self._address(path, {}), body)[0]

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PUT", self._address(path, {}), body)[0]

    def delete(self, path: str) -> None:
        """What is gone already is no error."""
        try:
            self._call("DELETE", self._address(path, {}))
        except SentryApiError as error:
            if error.status != 404:
                raise

    def _address(self, path: str, query: Mapping[str, Any]) -> str:
        suffix = f"?{urlencode(query, doseq=True)}" if query else ""
        return f"{self.url.rstrip('/')}/api/0/{path}{suffix}"

    def _same_host(self, address: str) -> str:
        # The token goes to the host that it was given for, whatever a page says.
        if urlsplit(address)[:2] != urlsplit(self.url)[:2]:
            raise SentryApiError(
                f"{self.url} refers to another host for its next page: {urlsplit(address).netloc}."
            )
        return address

    def _call(self, method: str, address: str, body: Any = None) -> tuple[Any, Mapping[str, str]]:
        for attempt in range(1, ATTEMPTS + 1):
            answer = self._send(method, address, body, last=attempt == ATTEMPTS)
            if answer is None:
                self.sleep(min(2.0**attempt, LONGEST_WAIT_S))
            elif answer.status == 429 and attempt < ATTEMPTS:
                self.sleep(self._wait_s(answer.headers, attempt))
            elif answer.status >= 500 and attempt < ATTEMPTS and method not in _PAST_REDOING:
                self.sleep(min(2.0**attempt, LONGEST_WAIT_S))
            else:
                return self._read(method, address, answer), answer.headers
        raise AssertionError("unreachable")  # pragma: no cover

    def _send(self, method: str, address: str, body: Any, *, last: bool) -> urllib3.BaseHTTPResponse | None:
        self.requests += 1
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = None if body is None else json.dumps(body).encode()
        try:
            return self._pool.request(method, address, body=content, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            if last or method in _PAST_REDOING:
                again = " It may have been carried out; running the command again finds out." if body else ""
                message = f"{method} {urlsplit(address).path}: no answer ({type(error).__name__}).{again}"
                raise SentryApiError(message) from error
            return None

    def _wait_s(self, headers: Mapping[str, str], attempt: int) -> float:
        """https://docs.sentry.io/api/ratelimits/: the window ends at X-Sentry-Rate-Limit-Reset, epoch seconds."""
        wait = 2.0**attempt
        if (after := headers.get("Retry-After", "")).isdigit():
            wait = float(after)
        elif (reset := headers.get("X-Sentry-Rate-Limit-Reset", "")).replace(".", "", 1).isdigit():
            wait = float(reset) - self.clock() + 0.5
        return max(0.5, min(wait, LONGEST_WAIT_S))

    def _read(self, method: str, address: str, answer: urllib3.BaseHTTPResponse) -> Any:
        text = answer.data.decode("utf-8", "replace")
        path = urlsplit(address).path
        if not 200 <= answer.status < 300:
            way_out = _WAYS_OUT.get(answer.status, "Try again later; nothing that was made is lost.")
            raise SentryApiError(f"{method} {path}: {answer.status} {text[:600]}\n{way_out}", answer.status)
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise SentryApiError(
                f"{method} {path}: the answer is no JSON: {text[:80]!r}. Is --url a Sentry?"
            ) from error

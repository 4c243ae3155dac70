"""The request of an event as a command that sends it again.

Everything in it came from a stranger and will be pasted into a shell: each word is quoted, what a terminal or curl
would obey (control characters, `@file`, URL globs, other schemes) is taken out or turned off.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any
from urllib.parse import urlencode

from monitor.events.model import Event, Request
from monitor.events.secret_forms import FILTERED
from monitor.issues.detail.values import without_controls

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_METHOD = re.compile(r"[A-Z]{1,20}")
_NOT_AGAIN = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "cookie", "sentry-trace", "baggage"}
)  # fmt: skip


def curl_of(event: Event) -> str:
    """The command, notes about what is missing first; empty if the event has no request that can be sent."""
    request = event.request or {}
    url = without_controls(request.get("url") or "")
    if not url.lower().startswith(("http://", "https://")):
        return ""
    if request.get("query"):
        url += "?" + without_controls(request["query"]).replace("\n", "")
    method = request.get("method") or "GET"
    parts = ["curl --globoff"]
    if method != "GET" and _METHOD.fullmatch(method):
        parts.append(f"--request {method}")
    parts.append(f"--url {shlex.quote(_one_line(url))}")
    headers, removed = _headers(request)
    parts += [f"--header {shlex.quote(header)}" for header in headers]
    data = _data(request)
    if data is not None:
        parts.append(f"--data-raw {shlex.quote(without_controls(data))}")
    return "\n".join([*_notes(request, removed, data, url), " \\\n  ".join(parts)])


def _headers(request: Request) -> tuple[list[str], list[str]]:
    """Those that can be sent again, and the names of those whose values were removed."""
    found, removed = [], []
    for name, value in request.get("headers") or []:
        if not _TOKEN.fullmatch(name) or name.lower() in _NOT_AGAIN or not value:
            continue
        if FILTERED in value:
            removed.append(name)
        else:
            found.append(f"{name}: {_one_line(without_controls(value))}")
    return found, removed


def _data(request: Request) -> str | None:
    data: Any = request.get("data")
    if data in (None, "", {}, []):
        return None
    if isinstance(data, str):
        return data
    kinds = [value for name, value in request.get("headers") or [] if name.lower() == "content-type"]
    if kinds and "urlencoded" in kinds[0] and isinstance(data, dict):
        return urlencode(data, doseq=True, safe="[]")
    return json.dumps(data, ensure_ascii=False)


def _notes(request: Request, removed: list[str], data: str | None, url: str) -> list[str]:
    notes = []
    if removed:
        notes.append(f"# Removed before it was stored, put in your own: {', '.join(removed)}")
    if request.get("cookies") or any(name.lower() == "cookie" for name, _ in request.get("headers") or []):
        notes.append("# It had cookies, which are never stored: log in first, or add --cookie.")
    if FILTERED in (data or "") or FILTERED in url:
        notes.append(f"# {FILTERED} stands where a secret was.")
    return notes


def _one_line(text: str) -> str:
    return " ".join(text.split())

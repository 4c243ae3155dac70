"""What was going on: breadcrumbs, the request, the user."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

from monitor.events.clock import seconds_of
from monitor.events.model import Breadcrumb, Json, Request
from monitor.events.values import Remarks, bounded, table_of, text_of, values_of

MAX_BREADCRUMBS = 100
_MAX_URL = 4096
_CRUMB_TEXTS = ("type", "category", "level", "message")
_IDENTITIES = ("id", "email", "username", "ip_address")


def breadcrumbs_of(raw: Any, remarks: Remarks) -> list[Breadcrumb]:
    """The last breadcrumbs, oldest first."""
    values = values_of(raw, remarks, "breadcrumbs")
    if len(values) > MAX_BREADCRUMBS:
        remarks.add("value_too_long", "breadcrumbs", f"{len(values)} breadcrumbs, {MAX_BREADCRUMBS} kept")
        values = values[-MAX_BREADCRUMBS:]
    found = [_breadcrumb(value, remarks) for value in values if type(value) is dict]
    if len(found) < len(values):
        remarks.add("invalid_data", "breadcrumbs", "a breadcrumb that is no object is left out")
    return found


def _breadcrumb(raw: Json, remarks: Remarks) -> Breadcrumb:
    crumb: Json = {}
    for key in _CRUMB_TEXTS:
        part = raw.get(key)
        if part is not None:
            crumb[key] = (
                part
                if type(part) is str and len(part) < 1000
                else text_of(part, remarks, f"breadcrumbs.{key}")
            )
    timestamp = raw.get("timestamp")
    if timestamp is not None:
        seconds = seconds_of(timestamp)
        if seconds is None:
            remarks.wrong_type("breadcrumbs.timestamp", timestamp, "seconds since 1970 or ISO 8601")
        else:
            crumb["timestamp"] = seconds
    if raw.get("data"):
        crumb["data"] = table_of(raw["data"], remarks, "breadcrumbs.data")
    return crumb  # type: ignore[return-value]


def request_of(raw: Any, remarks: Remarks) -> Request | None:
    """The request: the modern interface, and what `sentry.interfaces.Http` sent ten years ago."""
    if type(raw) is not dict:
        if raw is not None:
            remarks.wrong_type("request", raw, "an object")
        return None
    found: Request = {}
    method = text_of(raw.get("method"), remarks, "request.method", limit=32)
    if method:
        found["method"] = method.upper()
    url = text_of(raw.get("url"), remarks, "request.url", limit=_MAX_URL)
    query = query_of(raw.get("query_string"), remarks)
    if url:
        url, _, fragment = url.partition("#")
        url, _, in_url = url.partition("?")
        query = query or in_url
        found["url"] = url
        if fragment:
            found["fragment"] = fragment
    if query:
        found["query"] = query
    headers = pairs_of(raw.get("headers"), remarks, "request.headers")
    if headers:
        found["headers"] = headers
    cookies = raw.get("cookies")
    if type(cookies) is str:
        found["cookies"] = dict(_pair(part.strip()) for part in cookies.split(";") if part.strip())
    elif cookies:
        found["cookies"] = dict(pairs_of(cookies, remarks, "request.cookies"))
    if raw.get("data") not in (None, "", {}, []):
        found["data"] = bounded(raw["data"], remarks, "request.data")
    if raw.get("env"):
        found["env"] = table_of(raw["env"], remarks, "request.env")
    return found or None


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def query_of(raw: Any, remarks: Remarks) -> str:
    """A query string as text; SDKs send text, an object, or a list of pairs."""
    if raw is None:
        return ""
    if type(raw) is str:
        return (text_of(raw, remarks, "request.query_string", limit=_MAX_URL) or "").removeprefix("?")
    pairs = pairs_of(raw, remarks, "request.query_string")
    return urlencode(pairs, safe="[]", errors="replace")[:_MAX_URL]


def pairs_of(raw: Any, remarks: Remarks, name: str) -> list[tuple[str, str]]:
    """Pairs of texts out of an object (whose values may be lists) or a list of pairs."""
    if raw is None:
        return []
    found: list[tuple[str, str]] = []
    if type(raw) is dict:
        for key, value in raw.items():
            if type(value) is str:
                found.append((key, value if len(value) <= _MAX_URL else value[:_MAX_URL]))
            elif type(value) is list:
                found += [(key, text_of(one, remarks, name) or "") for one in value[:50]]
            elif value is not None:
                found.append((key, text_of(value, remarks, name) or ""))
        return found[:500]
    if type(raw) is not list:
        remarks.wrong_type(name, raw, "an object or a list of pairs")
        return []
    for one in raw[:500]:
        if type(one) is list and len(one) == 2:
            found.append((text_of(one[0], remarks, name) or "", text_of(one[1], remarks, name) or ""))
        elif type(one) is dict and "key" in one:
            found.append(
                (text_of(one["key"], remarks, name) or "", text_of(one.get("value"), remarks, name) or "")
            )
        else:
            remarks.wrong_type(name, one, "a pair")
    return found


def user_of(raw: Any, remarks: Remarks) -> Json | None:
    """The user, with the identities as texts. `{{auto}}` asks for the sender's address, which is not kept."""
    if raw is None:
        return None
    user = table_of(raw, remarks, "user")
    for key in (*_IDENTITIES, "name"):
        if key not in user:
            continue
        text = text_of(user[key], remarks, f"user.{key}", limit=256)
        if text is None or text == "{{auto}}":
            del user[key]
        else:
            user[key] = text
    return user or None


def user_key_of(user: Json | None, salt: bytes) -> str | None:
    """The same user, the same key: for counting the affected after addresses and emails have been removed.

    `salt` is the installation's own secret, so that a guess cannot be tried out elsewhere.
    """
    if user is None:
        return None
    for name in _IDENTITIES:
        if name in user:
            identity = f"{name}:{user[name]}"
            return blake2b(identity.encode(), digest_size=10, key=salt[:64]).hexdigest()
    return None

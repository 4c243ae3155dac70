"""URLs without what they carry: credentials, tokens in the path, values of the query."""

from __future__ import annotations

import re

from core.sentry.scrubbing.keys import words_of
from core.sentry.scrubbing.patterns import FILTERED
from core.sentry.scrubbing.tokens import looks_like_token

# Parameters that steer a page; with a short plain value they say nothing of anybody.
_HARMLESS_PARAMETERS = words_of(
    "page page_size per_page limit offset order order_by ordering sort dir direction format lang language theme tab "
    "view year month day hours days period interval group level status state type kind size width height version"
)
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_.,-]{0,24}")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{0,40}://[^\s'\"<>\\)\]}]+", re.IGNORECASE)
_QUERY = re.compile(r"\?([A-Za-z_][\w.\[\]-]{0,60}=(?:\[Filtered\]|[^\s'\"<>\\)\]}])*+)")
_USERINFO = re.compile(r"\A([^:/?#]+://)[^/?#]*@")


def scrub_query(query: str) -> str:
    """A query string with the names of its parameters, and with values only where both are harmless."""
    return "&".join(_parameter(pair) for pair in query.split("&")) if query else query


def _parameter(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        # A bare query, `?eyJ…`, is a value.
        return name if _PLAIN_VALUE.fullmatch(name) else FILTERED
    if value in ("", FILTERED) or (name.lower() in _HARMLESS_PARAMETERS and _PLAIN_VALUE.fullmatch(value)):
        return pair
    return f"{name if not looks_like_token(name) else FILTERED}={FILTERED}"


def scrub_path(path: str) -> str:
    """A URL's path without segments that look like tokens; UUIDs, numbers and slugs stay."""
    if len(path) < 20:
        return path
    segments = path.split("/")
    return "/".join(FILTERED if _is_token(segment) else segment for segment in segments)


def _is_token(segment: str) -> bool:
    return len(segment) >= 20 and (looks_like_token(segment) or len(segment) > 100)


def scrub_url(url: str) -> str:
    """`url` without user info, tokens in the path, values of the query, and fragment."""
    url = _USERINFO.sub(rf"\g<1>{FILTERED}@", url)
    before, question, query = url.partition("?")
    query = query.partition("#")[0]
    before = before.partition("#")[0]
    scheme, divider, rest = before.partition("://")
    host, slash, path = rest.partition("/") if divider else ("", "", before)
    clean = f"{scheme}{divider}{host}{slash}{scrub_path(path)}" if divider else scrub_path(before)
    return clean + (f"?{scrub_query(query)}" if question else "")


def scrub_urls_in(text: str) -> str:
    """Free text with each URL, and each query of a relative one, scrubbed."""
    if "://" in text:
        text = _URL.sub(lambda match: scrub_url(match[0]), text)
    if "?" in text and "=" in text:
        text = _QUERY.sub(lambda match: "?" + scrub_query(match[1]), text)
    return text

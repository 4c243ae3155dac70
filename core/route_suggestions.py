"""The addresses of a site that are most like one that does not exist: for its 404 page."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

COUNT = 3
_LIKENESS = 0.45
_HIDDEN_SPACES = frozenset({"admin"})
# Pages that nobody means to go to: probes, endpoints that only take a form, ways out.
_HIDDEN_WORDS = ("livez", "readyz", "logout", "feedback", "theme", "metrics", "-done", "_done", "-complete")


def suggestions_for(request: HttpRequest) -> list[str]:
    """Up to three, nearest first; none when nothing is like it."""
    asked = request.path_info.lower().strip("/")[:200]
    routes = _routes(getattr(request, "urlconf", None) or settings.ROOT_URLCONF)
    if not asked or not routes:
        return []
    scored = sorted(((_likeness(asked, url), url) for url in routes), reverse=True)
    return [url for score, url in scored[:COUNT] if score >= _LIKENESS]


def _likeness(asked: str, url: str) -> float:
    known = url.lower().strip("/")
    if not known:
        return 0.0
    whole = difflib.SequenceMatcher(None, asked, known).ratio()
    # A wrong page below a right section still says which section was meant.
    first = difflib.SequenceMatcher(None, asked.split("/")[0], known.split("/")[0]).ratio()
    return max(whole, first * 0.9 - 0.02 * known.count("/"))


@lru_cache(maxsize=8)
def _routes(urlconf: Any) -> frozenset[str]:
    found = set()
    for name in _names(get_resolver(urlconf), ""):
        if any(word in name for word in _HIDDEN_WORDS):
            continue
        try:
            found.add(reverse(name, urlconf=urlconf))
        except NoReverseMatch:
            continue
    return frozenset(found)


def _names(resolver: URLResolver, space: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name and not pattern.pattern.converters:
                yield f"{space}{pattern.name}"
        elif pattern.namespace not in _HIDDEN_SPACES and not pattern.pattern.converters:
            yield from _names(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)

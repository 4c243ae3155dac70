"""From the URL names of a feature to the names that the SDK gives to the transactions of those URLs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from django.urls import URLPattern, URLResolver, get_resolver

_CONVERTER = re.compile(r"<(?:[^>:]+:)?([^>]+)>")


def transactions_of(names: Iterable[str]) -> list[str]:
    """`projects:*`, `projects:detail` → /projects/, /projects/{project_id}/; names without a route give nothing."""
    wanted = list(names)
    return sorted({route for name, route in _all_routes() if any(_fits(name, each) for each in wanted)})


def _fits(name: str, wanted: str) -> bool:
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted


@cache
def _all_routes() -> tuple[tuple[str, str], ...]:
    return tuple(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, namespace: str, prefix: str) -> Iterator[tuple[str, str]]:
    for each in resolver.url_patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each, f"{namespace}{each.namespace}:" if each.namespace else namespace, path)
        elif isinstance(each, URLPattern) and each.name:
            yield f"{namespace}{each.name}", "/" + _CONVERTER.sub(r"{\1}", path)

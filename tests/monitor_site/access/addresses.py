"""Every address that the monitor has, with something real in the place of each of its variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

Samples = dict[str, Any]
"""What stands for a variable: `<room>.<variable>`, or `<variable>` for all rooms."""


@dataclass(frozen=True)
class Address:
    """`name` as `reverse` takes it; `variables` are those of its path."""

    name: str
    path: str
    view: Callable[..., Any]
    variables: tuple[str, ...]

    @property
    def room(self) -> str:
        return self.name.partition(":")[0]


def all_addresses(samples: Samples) -> list[Address]:
    """Fails for a variable that nobody has given a sample, so that a new page cannot be left out."""
    return [_filled(name, pattern, samples) for name, pattern in _patterns(get_resolver(), "")]


def _patterns(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        else:
            assert entry.name, f"{entry.pattern} has no name."
            yield f"{prefix}{entry.name}", entry


def _filled(name: str, pattern: URLPattern, samples: Samples) -> Address:
    variables = tuple(pattern.pattern.converters) or tuple(pattern.pattern.regex.groupindex)
    room = name.partition(":")[0]
    given = {}
    for variable in variables:
        key = next(
            (key for key in (f"{name}.{variable}", f"{room}.{variable}", variable) if key in samples), None
        )
        assert key, (
            f"{name} has a variable {variable}: give {room}.{variable} a sample in"
            " tests/monitor_site/access/test_every_address.py, of the project `hydroml`."
        )
        given[variable] = samples[key]
    return Address(name, reverse(name, kwargs=given), pattern.callback, variables)

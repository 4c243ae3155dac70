"""Groups events, and lets versions of grouping live together.

An issue is found by the hash of the newest version. Where that is unknown, the hashes of earlier versions are asked,
the newest first; an issue that one of them finds gets the new hash as a further one. So a new version may split what
comes anew, but an issue that exists goes on with the events that it had before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from monitor.events.model import Event
from monitor.grouping import version_1
from monitor.grouping.components import Component, Grouping, hash_of
from monitor.grouping.fingerprints import DEFAULT, resolved

Issue = TypeVar("Issue")


@dataclass(frozen=True, slots=True)
class Version:
    """A version's number and its function."""

    number: int
    components_of: Callable[[Event], tuple[str, tuple[Component, ...]]]


VERSIONS = (Version(version_1.VERSION, version_1.components_of),)
"""Every version whose hashes may still be stored, the newest first."""


class Grouper:
    """Groups by the first of `versions`; the others find what was grouped before."""

    def __init__(self, versions: tuple[Version, ...] = VERSIONS) -> None:
        numbers = [one.number for one in versions]
        if not versions or numbers != sorted(set(numbers), reverse=True):
            raise ValueError(
                f"Versions of grouping must be given once each and the newest first, not {numbers}."
            )
        self._versions = versions

    @property
    def version(self) -> int:
        """The version that groups now."""
        return self._versions[0].number

    def group(self, event: Event) -> Grouping:
        """The grouping of a normalised and scrubbed event by the newest version."""
        return _grouping(self._versions[0], event)

    def earlier(self, event: Event) -> tuple[Grouping, ...]:
        """The groupings by earlier versions, the newest first: worth computing only when `group`'s hash is unknown."""
        return tuple(_grouping(one, event) for one in self._versions[1:])

    def find(self, event: Event, lookup: Callable[[str], Issue | None]) -> tuple[Grouping, Issue | None]:
        """The event's grouping, and the issue that `lookup` knows by its hash or by one of an earlier version.

        The caller stores the grouping's hash for the issue, new or found, so that next time it is found at once.
        """
        grouping = self.group(event)
        issue = lookup(grouping.hash)
        if issue is not None:
            return grouping, issue
        for one in self._versions[1:]:
            issue = lookup(_grouping(one, event).hash)
            if issue is not None:
                return grouping, issue
        return grouping, None


def _grouping(version: Version, event: Event) -> Grouping:
    if not event.fingerprint:
        method, components = version.components_of(event)
        return Grouping(version.number, hash_of(version.number, components), method, components)
    parts = resolved(event)
    if DEFAULT not in parts:
        components = tuple(Component("fingerprint", part) for part in parts)
        # The same under every version: a fingerprint in words does not depend on how stack traces are read.
        return Grouping(version.number, hash_of(0, components), "fingerprint", components)
    method, default = version.components_of(event)
    if parts == [DEFAULT]:
        return Grouping(version.number, hash_of(version.number, default), method, default)
    components = (*(Component("fingerprint", part) for part in parts), *default)
    return Grouping(
        version.number, hash_of(version.number, components), f"fingerprint and {method}", components
    )


_grouper = Grouper()


def group(event: Event) -> Grouping:
    """The grouping of a normalised and scrubbed event by the newest version."""
    return _grouper.group(event)

"""Which of two releases is the later one.

Two versions of one package that read as `name@1.2.3-beta.1+build` are ordered by semantic versioning. All else, such as
commit hashes or versions of two packages, is ordered by when the monitor first heard of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from monitor.releases.models import Release

# Up to four numbers, as Sentry reads them; at least one dot, or a hash of digits only would be a version.
_VERSION = re.compile(
    r"v?(?P<numbers>\d{1,9}(?:\.\d{1,9}){1,3})(?:-(?P<before>[0-9A-Za-z.-]+))?(?:\+(?P<build>.+))?",
    re.ASCII,
)

FirstSeen = Callable[[str], float | None]
Key = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...]]


@dataclass(frozen=True, slots=True)
class Version:
    """A version that can be ordered. `key` compares as semantic versioning says; the build is no part of it."""

    package: str
    text: str
    key: Key
    build: str


@lru_cache(maxsize=4096)
def parse_version(release: str) -> Version | None:
    """The parts of `name@1.2.3-beta+build`, name and all after the numbers being optional; None for all else."""
    package, at, text = release.rpartition("@")
    if at and not package:
        return None
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    numbers = tuple(int(number) for number in match["numbers"].split("."))
    numbers += (0,) * (4 - len(numbers))
    before = match["before"]
    # What comes before a version, its pre-releases, is smaller than the version itself.
    key: Key = (numbers, 0 if before else 1, tuple(_identifier(part) for part in (before or "").split(".")))
    return Version(package, text, key, match["build"] or "")


def _identifier(part: str) -> tuple[int, int, str]:
    """Numbers are smaller than words, and compare as numbers."""
    return (0, int(part), "") if part.isascii() and part.isdigit() and len(part) < 19 else (1, 0, part)


def compare_versions(one: str, other: str) -> int | None:
    """-1, 0 or 1 as `one` is before, the same as, or after `other`; None when their names don't say."""
    if one == other:
        return 0
    first, second = parse_version(one), parse_version(other)
    if first is None or second is None or first.package != second.package:
        return None
    if first.key != second.key:
        return 1 if first.key > second.key else -1
    # The same version built twice: numbers of builds have an order, hashes have none.
    if first.build.isdecimal() and second.build.isdecimal() and first.build != second.build:
        return 1 if int(first.build) > int(second.build) else -1
    return 0 if first.build == second.build else None


def is_later(one: str, other: str, first_seen: FirstSeen | None = None) -> bool:
    """Whether `one` is later than `other`, not the same.

    `first_seen` gives seconds since 1970, or None for a release that is not known yet, which is later than all that
    are; by default it asks the database.
    """
    by_name = compare_versions(one, other)
    if by_name is not None:
        return by_name > 0
    seen = first_seen or first_seen_in_database
    other_seen = seen(other)
    if other_seen is None:
        return False
    one_seen = seen(one)
    return one_seen is None or one_seen > other_seen


def first_seen_in_database(version: str) -> float | None:
    """When the monitor first heard of a release, in seconds since 1970."""
    moment = Release.objects.filter(version=version).values_list("created_at", flat=True).first()
    return None if moment is None else moment.timestamp()

"""`fixes SHOP-12` in the message of a commit resolves the issue in the release that brings the commit, as at Sentry."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Q

from monitor.access.audit import Actor
from monitor.issues.models import Issue, Status
from monitor.issues.services import resolve
from monitor.releases.models import Release

_SHORT_ID = r"#?([A-Za-z0-9][A-Za-z0-9_-]*)-(\d{1,9})\b"
_FIXES = re.compile(
    rf"\b(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?)\b[\s:]+((?:{_SHORT_ID}[\s,&]*(?:and\s+)?)+)", re.IGNORECASE
)
_ONE = re.compile(_SHORT_ID)
_MENTIONED_MAX = 500


def mentioned(message: str) -> list[tuple[str, int]]:
    """Slug of the project, in small letters, and number of each issue that the message says it fixes."""
    return [
        (slug.lower(), int(number))
        for found in _FIXES.finditer(message)
        for slug, number in _ONE.findall(found[1])
    ]


def resolve_mentioned(release: Release, messages: Iterable[str], by: Actor) -> int:
    """Those of the release's projects that are not resolved yet; gives how many there were."""
    wanted = list(dict.fromkeys(one for message in messages for one in mentioned(message)))[:_MENTIONED_MAX]
    if not wanted:
        return 0
    which = Q()
    for slug, number in wanted:
        which |= Q(project__slug=slug, number=number)
    issues = Issue.objects.filter(which, project__in=release.projects.all()).exclude(status=Status.RESOLVED)
    found = list(issues)
    if found:
        resolve(found, by, in_release=release.version)
    return len(found)

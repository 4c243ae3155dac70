"""Known errors: notes on issues with cause, way round and runbook, found by words, by issue or by fingerprint.

A note belongs to an issue, so it shows wherever its hashes turn up again, and on incidents that are linked with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Prefetch, Q, QuerySet

from monitor.issues.models import Issue, IssueHash
from monitor.projects.models import Project

_HASH = re.compile(r"[0-9a-f]{8,32}")


def known_errors(projects: Iterable[Project], words: str = "") -> QuerySet[Issue]:
    """The last seen first. All of `words` must stand in the note, the title or the culprit; or it is a fingerprint's
    hash, of which eight digits are enough."""
    found = Issue.objects.filter(project__in=projects, known_error__gt="")
    if _HASH.fullmatch(words.lower()):
        found = found.filter(hashes__hash__startswith=words.lower()).distinct()
    else:
        for word in words.split():
            found = found.filter(
                Q(known_error__icontains=word) | Q(title__icontains=word) | Q(culprit__icontains=word)
            )
    hashes = Prefetch("hashes", IssueHash.objects.order_by("pk"))
    return found.select_related("project").prefetch_related(hashes).order_by("-last_seen", "-pk")


def known_error_of(project: Project, fingerprint: str) -> Issue | None:
    """The issue whose hash this is, if something is known of it."""
    return Issue.objects.filter(project=project, hashes__hash=fingerprint.lower(), known_error__gt="").first()

"""From an id that somebody pastes into the search to the page that it means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from monitor.issues.models import Issue, Merge, SampledEvent, StoredEvent, sampled_key
from monitor.projects.models import Project

_EVENT_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ERROR_ID = re.compile(r"[A-Za-z0-9_-]{4,64}", re.ASCII)
_SHORT_ID = re.compile(r"(?P<slug>[\w-]+)-(?P<number>\d{1,9})", re.ASCII)


def is_event_id(text: str) -> bool:
    return _EVENT_ID.fullmatch(text) is not None


def place_of(text: str, projects: Sequence[Project]) -> str | None:
    """The address of the event (32 hexadecimal digits, or the error id that a user was shown), or of the issue (`WEB-12`).

    None for all else, and for what is not in these projects.
    """
    found = None
    if is_event_id(text):
        found = _by_event_id(bytes.fromhex(text.replace("-", "")), projects)
    if found is None and _SHORT_ID.fullmatch(text):
        found = _by_short_id(text, projects)
    if found is None and _ERROR_ID.fullmatch(text):
        found = _by_error_id(text, projects)
    return found


def _by_event_id(uid: bytes, projects: Sequence[Project]) -> str | None:
    event = StoredEvent.objects.filter(uid=uid, project__in=projects).first()
    if event is not None:
        return _address_of(event)
    sampled = SampledEvent.objects.filter(pk=sampled_key(uid)).values_list("issue_id", flat=True).first()
    if sampled is not None:
        return _by_issue(sampled, projects)
    if StoredEvent.objects.filter(trace=uid, project__in=projects).exists():
        return f"{reverse('issues:list')}?{urlencode({'q': f'trace:{uid.hex()}'})}"
    return None


def _by_issue(pk: int, projects: Sequence[Project]) -> str | None:
    """Of a flood, only the issue is known; it may be part of another one since."""
    if not Issue.objects.filter(pk=pk, project__in=projects).exists():
        into = Merge.objects.filter(source_id=pk, issue__project__in=projects).values_list(
            "issue_id", flat=True
        )
        if not into:
            return None
        pk = into[0]
    return reverse("issues:detail", args=[pk])


def _by_short_id(text: str, projects: Sequence[Project]) -> str | None:
    match = _SHORT_ID.fullmatch(text)
    if match is None:
        return None
    number, slug = int(match["number"]), match["slug"].lower()
    for project in projects:
        if project.slug.lower() != slug:
            continue
        issue = Issue.objects.filter(project=project, number=number).values_list("pk", flat=True).first()
        if issue is None:
            merged = Merge.objects.filter(issue__project=project, row__number=number)
            issue = merged.values_list("issue_id", flat=True).first()
        return None if issue is None else reverse("issues:detail", args=[issue])
    return None


def _by_error_id(text: str, projects: Sequence[Project]) -> str | None:
    forms = {text, text.upper(), text.lower()}
    events = StoredEvent.objects.filter(error_id__in=forms, project__in=projects)
    event = events.order_by("-timestamp").first()
    return None if event is None else _address_of(event)


def _address_of(event: StoredEvent) -> str:
    return reverse("issues:event", args=[event.issue_id, event.event_id])

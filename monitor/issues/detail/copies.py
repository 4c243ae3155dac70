"""What leaves the monitor by the issue page: JSON, command, Markdown, traceback, files; each is in the audit log."""

from __future__ import annotations

import re

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from monitor.access.audit import record
from monitor.digest.payloads import PayloadLostError, payload_store
from monitor.events.model import Event
from monitor.issues.detail import navigation, selectors
from monitor.issues.detail.curl import curl_of
from monitor.issues.detail.markdown import markdown_of
from monitor.issues.detail.presentation import read_event
from monitor.issues.detail.raw_traceback import raw_traceback
from monitor.issues.models import Attachment, Issue

_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_EXPORTED = "event.exported"


@require_safe
def event_json(request: HttpRequest, pk: int, event_id: str) -> HttpResponse:
    """The event as it is kept: normalised and scrubbed. A page, or with `?download` a file."""
    issue, event = _event(request, pk, event_id)
    text = orjson.dumps(event.to_dict(), option=orjson.OPT_INDENT_2).decode()
    if "download" in request.GET:
        _note(request, issue, event_id, "json file")
        response = HttpResponse(text, content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="{issue.short_id}-{event_id}.json"'
        return response
    _note(request, issue, event_id, "json")
    context = {"issue": issue, "event_id": event_id, "text": text, "size": len(text.encode())}
    return render(request, "issues/detail_json.html", context)


@require_safe
def curl(request: HttpRequest, pk: int, event_id: str) -> HttpResponse:
    """The request of the event as a command."""
    issue, event = _event(request, pk, event_id)
    command = curl_of(event)
    if not command:
        raise Http404("The event has no request that can be sent again.")
    return _text(request, issue, event_id, "curl", command + "\n")


@require_safe
def markdown(request: HttpRequest, pk: int, event_id: str) -> HttpResponse:
    """For a ticket or an assistant."""
    issue, event = _event(request, pk, event_id)
    address = settings.PUBLIC_URL + reverse("issues:event", args=[issue.pk, event_id])
    text = markdown_of(event, address=address, short_id=issue.short_id, facts=_facts(issue))
    return _text(request, issue, event_id, "markdown", text)


@require_safe
def traceback(request: HttpRequest, pk: int, event_id: str) -> HttpResponse:
    """As the language prints it."""
    issue, event = _event(request, pk, event_id)
    text = raw_traceback(event)
    if not text:
        raise Http404("The event has no stack trace.")
    return _text(request, issue, event_id, "traceback", text + "\n")


@require_safe
def attachment(request: HttpRequest, pk: int, event_id: str, attachment: int) -> HttpResponse:
    """A file that came with the event, always as a download: what is in it came from a stranger."""
    issue = selectors.issue_for(request.user, pk)
    stored = navigation.event_called(issue, event_id)
    found = (
        stored
        and Attachment.objects.filter(pk=attachment, uid=bytes(stored.uid), project=issue.project).first()
    )
    if not found:
        raise Http404("The event has no such file.")
    try:
        content = payload_store().read(found.block_id, found.slot)
    except PayloadLostError as error:
        raise Http404(str(error)) from error
    _note(request, issue, event_id, "attachment", name=found.name)
    response = HttpResponse(content, content_type="application/octet-stream")
    name = _UNSAFE_IN_NAME.sub("_", found.name).strip("._") or "attachment"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _event(request: HttpRequest, pk: int, event_id: str) -> tuple[Issue, Event]:
    issue = selectors.issue_for(request.user, pk)
    stored = navigation.event_called(issue, event_id)
    event = read_event(stored) if stored is not None else None
    if event is None:
        raise Http404(f"{issue.short_id} has no event {event_id}, or it is not kept any more.")
    return issue, event


def _facts(issue: Issue) -> list[tuple[str, str]]:
    """What is known of all events, for the head of the Markdown."""
    releases = [part for part in (issue.first_release, issue.last_release) if part]
    return [
        ("Seen", f"{issue.times:,} times by {issue.users:,} users"),
        ("First seen", _moment(issue.first_seen)),
        ("Last seen", _moment(issue.last_seen)),
        ("Releases", " to ".join(dict.fromkeys(releases))),
        ("Severity", issue.severity),
        ("Category", issue.category),
        ("Status", issue.get_status_display()),
    ]


def _moment(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M UTC}" if moment is not None else ""


def _text(request: HttpRequest, issue: Issue, event_id: str, form: str, text: str) -> HttpResponse:
    _note(request, issue, event_id, form)
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _note(request: HttpRequest, issue: Issue, event_id: str, form: str, **details: str) -> None:
    target = f"{issue.short_id} event {event_id}"
    record(request, _EXPORTED, target, issue.project, form=form, issue=issue.pk, **details)

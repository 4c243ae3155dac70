"""What is posted from the issue page and belongs to one issue alone: comments, the known error, unmerging."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from monitor.access.permissions import require_change
from monitor.issues import services
from monitor.issues.detail import selectors
from monitor.issues.detail.notes import write_known_error
from monitor.issues.models import Issue

_EVENT_ID = re.compile(r"[0-9a-f]{32}")


@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    issue = _to_change(request, pk)
    try:
        services.comment(issue, request, request.POST.get("text", ""))
    except services.ActionError as error:
        messages.error(request, str(error))
    return redirect(f"{_back(request, issue)}#activity")


@require_POST
def known_error(request: HttpRequest, pk: int) -> HttpResponse:
    issue = _to_change(request, pk)
    try:
        if write_known_error(issue, request, request.POST.get("text", "")):
            said = "is shown wherever it appears again" if issue.known_error else "was taken away"
            messages.success(request, f"The note {said}.")
    except services.ActionError as error:
        messages.error(request, str(error))
    return redirect(_back(request, issue))


@require_POST
def unmerge(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to the issue that the chosen hashes are now."""
    issue = _to_change(request, pk)
    try:
        fresh = services.unmerge(issue, request.POST.getlist("hash"), request)
    except services.ActionError as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('issues:detail', args=[issue.pk])}#grouping")
    messages.success(request, f"{fresh.short_id} was taken out of {issue.short_id}.")
    return redirect("issues:detail", pk=fresh.pk)


def _back(request: HttpRequest, issue: Issue) -> str:
    """The page from which it was sent: of the issue, at the event that it showed."""
    event_id = request.POST.get("event", "")
    if _EVENT_ID.fullmatch(event_id):
        return reverse("issues:event", args=[issue.pk, event_id])
    return reverse("issues:detail", args=[issue.pk])


def _to_change(request: HttpRequest, pk: int) -> Issue:
    require_change(request.user)
    return selectors.issue_for(request.user, pk)

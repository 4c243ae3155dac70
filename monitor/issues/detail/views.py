"""The page of an issue, at its newest event or at a certain one; its list of events, all values of a tag."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from monitor.access.permissions import visible_projects
from monitor.issues.detail import navigation, selectors, tags
from monitor.issues.detail.page import page_of
from monitor.issues.detail.presentation import ShownEvent, read_event
from monitor.issues.detail.reading import Reading
from monitor.issues.models import Issue, Merge, SampledEvent, StoredEvent, sampled_key
from monitor.site.lists import page_of as list_page_of


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """At the newest event that is kept."""
    issue = selectors.issue_for(request.user, pk)
    return _shown(request, issue, navigation.newest_event(issue))


@require_safe
def event(request: HttpRequest, pk: int, event_id: str) -> HttpResponse:
    """At this event; where merging has moved it, at the issue that it belongs to now.

    With `?locals=`, no more than the local variables of the frame that has this anchor on the page.
    """
    issue = selectors.issue_for(request.user, pk)
    stored = navigation.event_called(issue, event_id)
    if stored is not None:
        anchor = request.GET.get("locals")
        return _locals_shown(request, stored, anchor) if anchor else _shown(request, issue, stored)
    uid = bytes.fromhex(event_id)
    moved = StoredEvent.objects.filter(uid=uid, project__in=visible_projects(request.user)).first()
    if moved is not None:
        return redirect("issues:event", pk=moved.issue_id, event_id=event_id)
    if _was_sampled(issue, uid):
        return _shown(request, issue, None, counted_only=event_id)
    raise Http404(f"{issue.short_id} has no event {event_id}, or it is not kept any more.")


def _locals_shown(request: HttpRequest, stored: StoredEvent, anchor: str) -> HttpResponse:
    event = read_event(stored)
    frame = ShownEvent(event, all_open=True).frame_called(anchor) if event is not None else None
    if event is None or frame is None:
        raise Http404(f"No frame {anchor} of event {stored.event_id} is kept.")
    return render(request, "issues/detail_locals.html", {"frame": frame, "platform": event.platform})


def _was_sampled(issue: Issue, uid: bytes) -> bool:
    """Whether it was counted without its payload, for this issue or for one that is in it now."""
    counted_for = SampledEvent.objects.filter(pk=sampled_key(uid)).values_list("issue", flat=True).first()
    if counted_for is None or counted_for == issue.pk:
        return counted_for is not None
    return Merge.objects.filter(source_id=counted_for, issue=issue).exists()


@require_safe
def oldest(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to the oldest event that is kept."""
    issue = selectors.issue_for(request.user, pk)
    first = navigation.oldest_event(issue)
    if first is None:
        return redirect("issues:detail", pk=issue.pk)
    address = reverse("issues:event", args=[issue.pk, first.event_id])
    query = request.GET.urlencode()
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def _shown(
    request: HttpRequest, issue: Issue, stored: StoredEvent | None, *, counted_only: str = ""
) -> HttpResponse:
    reading = Reading.of(request)
    page = page_of(request.user, issue, stored, reading)
    response = render(
        request,
        "issues/detail.html",
        {"page": page, "issue": issue, "reading": reading, "counted_only": counted_only},
    )
    reading.remember(response, secure=settings.SESSION_COOKIE_SECURE)
    return response


@require_safe
def events(request: HttpRequest, pk: int) -> HttpResponse:
    """The events that are kept, newest first."""
    issue = selectors.issue_for(request.user, pk)
    kept = StoredEvent.objects.filter(issue=issue).order_by("-timestamp", "-id")
    return render(
        request, "issues/detail_events.html", {"issue": issue, "events": list_page_of(request, kept)}
    )


@require_safe
def tag_values(request: HttpRequest, pk: int) -> HttpResponse:
    """All values of the tag that `?key=` names."""
    issue = selectors.issue_for(request.user, pk)
    key = request.GET.get("key", "")
    values = tags.values_of(issue, key)
    if not values:
        raise Http404("No event of this issue has such a tag.")
    context = {"issue": issue, "key": key, "values": values}
    return render(request, "issues/detail_tag.html", context)

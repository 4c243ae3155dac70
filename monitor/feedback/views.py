"""The inbox of feedback, and one of it. The contact address is shown on asking, to members, and that is logged."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from monitor.access.models import User
from monitor.access.permissions import require_change, visible_projects
from monitor.feedback import selectors, services
from monitor.feedback.models import Contact, Status
from monitor.issues.models import Attachment, StoredEvent
from monitor.releases.models import Release
from monitor.site.filters import Filters
from monitor.site.lists import page_of, row_ids, searched
from monitor.site.returning import next_address

PAGE_SIZE = 30
_DONE = {Status.OPEN: "open again", Status.RESOLVED: "resolved", Status.SPAM: "marked as spam"}


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    filters = Filters.of(request)
    status = request.GET.get("status", Status.OPEN)
    status = status if status in Status.values else Status.OPEN
    words = searched(request)
    found = selectors.inbox(filters.projects, status=status, environment=filters.environment, words=words)
    numbers = selectors.numbers(filters.projects)
    context = {
        "filters": filters,
        "page": page_of(request, found, PAGE_SIZE),
        "status": status,
        "tabs": [(one.value, one.label, numbers[one.value]) for one in Status],
        "total": numbers.total(),
        "words": words,
        "may_change": _may_change(request),
    }
    return render(request, "feedback/inbox.html", context)


def _may_change(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.may_change


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _shown(request, pk)


def _shown(request: HttpRequest, pk: int, address: str | None = None) -> HttpResponse:
    feedback = selectors.feedback_for(request.user, pk)
    event = None
    if feedback.event_uid is not None:
        event = StoredEvent.objects.filter(uid=feedback.event_uid, project=feedback.project_id).first()
    context = {
        "feedback": feedback,
        "event": event,
        "others": selectors.of_issue(feedback.issue).exclude(pk=feedback.pk)[:10] if feedback.issue else [],
        "attachments": Attachment.objects.filter(uid=feedback.uid, project=feedback.project_id),
        "has_contact": Contact.objects.filter(feedback=feedback).exists(),
        "address": address,
        "release": Release.objects.filter(version=feedback.release).first(),
        "actions": [(one.value, _ACTIONS[one]) for one in Status if one != feedback.status],
        "may_change": _may_change(request),
    }
    return render(request, "feedback/detail.html", context)


_ACTIONS = {Status.OPEN: "Open again", Status.RESOLVED: "Resolve", Status.SPAM: "It is spam"}


@never_cache
@require_POST
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """A POST, so that no link, prefetch or reload shows an address by the way."""
    feedback = selectors.feedback_for(request.user, pk)
    require_change(request.user)
    return _shown(request, pk, services.see_contact(feedback, request) or "")


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Resolve, open again, mark as spam or delete what is ticked, or the one of the page."""
    require_change(request.user)
    ids = row_ids(request.POST.getlist("feedback"))
    chosen = selectors.chosen(visible_projects(request.user), ids[:500])
    action = request.POST.get("action", "")
    if not chosen:
        messages.warning(request, "Nothing was ticked.")
    elif action in Status.values:
        number = services.set_status(chosen, Status(action), request)
        messages.success(request, f"{number} {'is' if number == 1 else 'are'} {_DONE[Status(action)]}.")
    elif action == "delete":
        number = services.delete(chosen, request)
        messages.success(request, f"{number} {'is' if number == 1 else 'are'} deleted.")
        return redirect("feedback:list")
    else:
        messages.error(request, "Nothing was changed: the page asked for something that feedback can't do.")
    return redirect(next_address(request, reverse("feedback:list")))

"""The list of issues, its renewing by itself, and what is done with one or many of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from monitor.access.permissions import require_change, visible_projects
from monitor.issues import services
from monitor.issues.jumping import place_of
from monitor.issues.listing import PAGE_SIZE, Listing
from monitor.issues.models import Issue
from monitor.issues.orders import Done, Order
from monitor.issues.presenting import DONE, UNDO, list_context, live_context
from monitor.issues.services import ActionError
from monitor.site.lists import row_id, row_ids
from monitor.site.returning import next_address

_NAMED_IN_CONFIRMATION = 20


@require_GET
def issue_list(request: HttpRequest) -> HttpResponse:
    """An id alone leads to what it is of."""
    listing = Listing(request)
    if "q" in request.GET:
        place = place_of(listing.text, listing.filters.projects)
        if place is not None:
            return redirect(place)
    return render(request, "issues/list.html", list_context(request, listing))


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Fresh figures for the rows that are shown, and how many issues have come since: nothing moves by itself."""
    listing = Listing.at(request, request.GET.get("address", ""))
    shown = row_ids(request.GET.get("shown", "").split("."))[:PAGE_SIZE]
    seen = set(_visible(request).filter(pk__in=shown).values_list("pk", flat=True))
    newest = row_id(request.GET.get("newest", ""))
    context = live_context(listing, [pk for pk in shown if pk in seen], newest)
    return render(request, "issues/list_live.html", context)


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """With what is ticked (`issue`), or with `all` that the list at `address` finds and that was there when it was shown."""
    require_change(request.user)
    address = request.POST.get("address", "")
    back = f"{reverse('issues:list')}?{address}" if address else reverse("issues:list")
    if request.POST.get("action") == "nothing":
        return HttpResponseRedirect(back)
    try:
        order = Order.read(request.POST.dict())
        issues, left = _chosen(request, order, address)
        if order.verb == "delete" and issues and not request.POST.get("confirmed"):
            return _confirmation(request, issues, back)
        done = order.carry_out(issues, request)
    except ActionError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(back)
    _remember(request, done, left)
    return HttpResponseRedirect(back)


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """What the last step resolved or ignored is unresolved again, new as it was."""
    require_change(request.user)
    ids = request.session.pop(UNDO, [])
    changed = services.unresolve(_visible(request).filter(pk__in=ids), request, as_it_was=True)
    words = "1 issue" if len(changed) == 1 else f"{len(changed):,} issues"
    messages.success(request, f"{words} unresolved again.")
    return HttpResponseRedirect(next_address(request, reverse("issues:list")))


@require_POST
def action(request: HttpRequest, pk: int) -> HttpResponse:
    """With one issue; then on to `next`, or to its page."""
    issue = get_object_or_404(_visible(request), pk=pk)
    require_change(request.user)
    detail = reverse("issues:detail", args=[pk])
    try:
        order = Order.read(request.POST.dict())
        if order.verb == "delete" and not request.POST.get("confirmed"):
            return _confirmation(request, [issue], detail)
        done = order.carry_out([issue], request)
    except ActionError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(next_address(request, detail))
    messages.success(request, done.words)
    if order.verb == "delete":
        return redirect("issues:list")
    return HttpResponseRedirect(next_address(request, detail))


def _visible(request: HttpRequest) -> QuerySet[Issue]:
    return Issue.objects.filter(project__in=visible_projects(request.user)).select_related("project")


def _chosen(request: HttpRequest, order: Order, address: str) -> tuple[list[Issue], bool]:
    """The issues, and whether there are more than can be done at once."""
    if not request.POST.get("all"):
        ids = row_ids(request.POST.getlist("issue"))[: order.most]
        return list(_visible(request).filter(pk__in=ids)), False
    listing = Listing.at(request, address)
    newest = row_id(request.POST.get("newest", ""))
    found = listing.found.filter(pk__lte=newest).select_related("project")
    if listing.error is not None:
        raise ActionError(f"Nothing was done, since the search can't be understood: {listing.error}")
    issues = list(found.defer("value", "known_error")[: order.most + 1])
    return issues[: order.most], len(issues) > order.most


def _confirmation(request: HttpRequest, issues: list[Issue], back: str) -> HttpResponse:
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in ("csrfmiddlewaretoken", "confirmed")
    ]
    context: Mapping[str, Any] = {
        "issues": issues[:_NAMED_IN_CONFIRMATION],
        "more": max(len(issues) - _NAMED_IN_CONFIRMATION, 0),
        "count": len(issues),
        "events": sum(issue.times for issue in issues),
        "fields": fields,
        "back": back,
    }
    return render(request, "issues/list_confirm.html", context)


def _remember(request: HttpRequest, done: Done, left: bool) -> None:
    words = f"{done.words} More match: do it again for the next ones." if left else done.words
    merged = done.merged_into
    request.session[DONE] = {
        "words": words,
        "may_undo": bool(done.undo),
        "merged_into": None if merged is None else [merged.pk, merged.short_id],
    }
    request.session[UNDO] = list(done.undo)

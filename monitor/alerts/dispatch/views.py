"""What was sent through which channel and how it went: the list with how each channel stands, and one with its tries."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from monitor.access.models import User
from monitor.access.permissions import require_change
from monitor.alerts.channels import KINDS
from monitor.alerts.dispatch import selectors, services
from monitor.alerts.dispatch.channel_health import channel_health
from monitor.alerts.dispatch.claiming import letter_of
from monitor.alerts.dispatch.drawing import Drawn, drawn_of
from monitor.alerts.dispatch.errors import NotForThisChannelError
from monitor.alerts.dispatch.models import OutboxMessage
from monitor.alerts.dispatch.services import DispatchRequestError
from monitor.alerts.messages import Kind, Message
from monitor.alerts.models import Notification
from monitor.site.filters import Filters
from monitor.site.lists import page_of
from monitor.site.strategy_file import current_strategy

PAGE_SIZE = 50


@require_safe
def delivery_list(request: HttpRequest) -> HttpResponse:
    filters = Filters.of(request)
    rows = selectors.notifications_for(request.user, filters.projects if filters.narrowed else None)
    chosen = {name: request.GET.get(name, "") for name in ("channel", "kind", "state")}
    known = {"kind": [kind.value for kind in Kind], "state": Notification.State.values}
    for name, value in chosen.items():
        if value and (name not in known or value in known[name]):
            rows = rows.filter(**{name: value[:60]})
    has_time = "since" in request.GET and not filters.period_name
    if has_time:
        rows = rows.filter(created_at__gte=filters.since, created_at__lt=filters.until)
    health = channel_health(time.time())
    page = page_of(request, rows, PAGE_SIZE)
    context = {
        "filters": filters,
        "page": page,
        "chosen": chosen,
        "has_time": has_time,
        "is_narrowed": any(chosen.values()) or filters.narrowed or has_time,
        "health": health,
        "kinds": [(kind.value, kind.value.replace("_", " ")) for kind in Kind],
        "states": Notification.State.choices,
        "failed": sum(one.failed for one in health),
        "outbox": settings.OUTBOX,
        "none_sends": not any(one.is_enabled for one in health),
        "may_change": _may_change(request),
    }
    return render(request, "deliveries/list.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """With `seen`, only whether it stands otherwise than that: the page asks so while the message is on its way."""
    row = selectors.notification_for(request.user, pk)
    stands = f"{row.state}-{row.attempts}-{row.tries.count()}"
    if "seen" in request.GET:
        return JsonResponse({"changed": request.GET["seen"] != stands})
    kept = row.outbox.order_by("-pk").first()
    context = {
        "row": row,
        "stands": stands,
        "message": Message.from_json(row.message),
        "tries": row.tries.order_by("pk"),
        "drawn": _drawn(row, kept),
        "kept": kept,
        "can_be_retried": row.state in {Notification.State.FAILED, Notification.State.WITHDRAWN},
        "may_change": _may_change(request),
    }
    return render(request, "deliveries/detail.html", context)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    row = selectors.notification_for(request.user, pk)
    require_change(request.user)
    try:
        services.retry(row, by=request, now=time.time())
    except DispatchRequestError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is sent again.")
    return redirect("deliveries:detail", pk=row.pk)


@require_POST
def test(request: HttpRequest, name: str) -> HttpResponse:
    require_change(request.user)
    try:
        row = services.send_test(name, by=request, now=time.time())
    except DispatchRequestError as error:
        messages.error(request, str(error))
        return redirect("deliveries:list")
    messages.success(request, f"A test is on its way through {name}. This page says how it goes.")
    return redirect("deliveries:detail", pk=row.pk)


def _drawn(row: Notification, kept: OutboxMessage | None) -> Drawn | None:
    """As it stands in the outbox; otherwise as its channel draws it. None when the channel does not tell such things or
    is no more."""
    if kept is not None:
        return drawn_of(kept.kind, kept.payload)
    channel = current_strategy().channels.get(row.channel)
    if channel is None:
        return None
    at = row.sent_at.timestamp() if row.sent_at else time.time()
    try:
        return drawn_of(channel.kind, KINDS[channel.kind].draw(letter_of(row, channel, at)))
    except NotForThisChannelError:
        return None


def _may_change(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.may_change

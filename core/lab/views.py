"""/test-sentry-error/: the list of what can be broken, the breaking itself with ?type=…, and what came of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.error_settings import error_page_settings, event_address
from core.lab.arrivals import Arrival, arrivals
from core.lab.catalogue import BY_KEY, CASES, Case
from core.lab.demonstrations import demonstrate
from core.lab.failures import fail
from core.request_facts import facts_of
from core.sentry.fates import fate_of
from core.sentry.setup import current_setup

WAIT_S = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of what arrived."""

    arrival: Arrival
    fate: str
    when: str
    raw: str
    url: str
    """Where it is looked up, if it was sent and the site says where."""


@require_safe
@never_cache
def error_lab(request: HttpRequest) -> HttpResponse:
    """The list, or the failure that ?type= names."""
    if not settings.DEBUG:
        raise Http404
    key = request.GET.get("type", "")
    if not key:
        latest = [_shown(arrival) for arrival in arrivals()[:20]]
        return _page(request, "index", cases=CASES, latest=latest)
    if key not in BY_KEY:
        raise Http404(f"The lab knows no type {key!r}; it knows {', '.join(BY_KEY)}.")
    if BY_KEY[key].raises:
        fail(key, secret=request.GET.get("token", "")[:40])
    demonstrate(key, request)
    query = urlencode({"type": key, "request": facts_of(request).request_id, "since": int(time.time())})
    return HttpResponseRedirect(f"{reverse('error-lab-arrived')}?{query}")


@require_safe
@never_cache
def arrived(request: HttpRequest) -> HttpResponse:
    """What was expected of one type beside what arrived of one request."""
    case = BY_KEY.get(request.GET.get("type", ""))
    request_id = request.GET.get("request", "")
    if not settings.DEBUG or case is None or not request_id:
        raise Http404
    found = arrivals(request_id=request_id)
    verdict = judge(case, found)
    since = request.GET.get("since", "")
    waits = verdict is None and since.isdecimal() and time.time() - int(since) < WAIT_S
    return _page(
        request,
        "arrived",
        case=case,
        found=[_shown(arrival) for arrival in reversed(found)],
        verdict=verdict,
        waits=waits,
    )


def judge(case: Case, found: list[Arrival]) -> bool | None:
    """Whether what arrived is what was expected; None while something may still come."""
    sent = [arrival for arrival in found if arrival.kind == "sent"]
    notes = [arrival.title for arrival in found if arrival.kind == "note"]
    if case.transaction:
        return not sent if any(arrival.kind == "transaction" for arrival in found) else None
    if case.key == "retry":
        return not sent if any("succeeds" in title for title in notes) else None
    if len(sent) < case.events and not case.events_at_most:
        return None
    statuses = [arrival.details["status"] for arrival in found if "status" in arrival.details]
    return (
        len(sent) <= case.events
        and all(arrival.category == case.category for arrival in sent)
        and all(status == case.status for status in statuses)
        and bool(found)
    )


def _shown(arrival: Arrival) -> Shown:
    state = url = ""
    if arrival.kind == "sent":
        state, url = fate_of(arrival.event_id).state, event_address(arrival.event_id)
    details: dict[str, Any] = dict(arrival.details)
    when = time.strftime("%H:%M:%S", time.localtime(arrival.at))
    raw = json.dumps(details, indent=1, ensure_ascii=False) if details else ""
    return Shown(arrival, state, when, raw, url)


def _page(request: HttpRequest, name: str, **context: Any) -> HttpResponse:
    setup = current_setup()
    context["lab_base"] = error_page_settings().lab_base
    context["not_sent_because"] = setup.reason if setup is not None else "setup_sentry() was not called"
    return render(request, f"core/lab/{name}.html", context)

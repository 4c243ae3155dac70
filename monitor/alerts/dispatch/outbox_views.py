"""The outbox: what channels that are not set up would have sent, each as its service would show it."""

from __future__ import annotations

from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from monitor.alerts.channels import KINDS
from monitor.alerts.dispatch.drawing import SERVICES, drawn_of
from monitor.alerts.dispatch.selectors import outbox_for
from monitor.site.lists import page_of

PAGE_SIZE = 20
_MAIL_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups allow-popups-to-escape-sandbox"],
}


@never_cache
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """With `after`, only whether there is a newer one: the page asks so while it is looked at."""
    rows = outbox_for(request.user)
    kind = request.GET.get("kind", "")
    if kind in KINDS:
        rows = rows.filter(kind=kind)
    if "after" in request.GET:
        after = request.GET["after"]
        return JsonResponse({"changed": after.isdigit() and rows.filter(pk__gt=int(after[:18])).exists()})
    page = page_of(request, rows, PAGE_SIZE)
    kept = list(page.object_list)
    context = {
        "page": page,
        "kept": [(one, drawn_of(one.kind, one.payload)) for one in kept],
        "newest": rows.values_list("pk", flat=True).first() or 0,
        "kind": kind,
        "kinds": [(name, SERVICES[name]) for name in KINDS],
        "is_on": settings.OUTBOX,
    }
    return render(request, "deliveries/outbox.html", context)


@never_cache
@require_safe
@xframe_options_sameorigin
@csp(_MAIL_POLICY)  # type: ignore[arg-type]
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """A mail's HTML by itself, for the frame: without scripts, pictures or anything from elsewhere."""
    kept = get_object_or_404(outbox_for(request.user), pk=pk, kind="email")
    return HttpResponse(str(kept.payload.get("html", "")))

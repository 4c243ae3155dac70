"""`/metrics` for Prometheus: with a token that has the scope `metrics:read`, wherever the scraper stands."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from monitor.access.scopes import granted
from monitor.api.dispatch import bearer_of
from monitor.api.errors import ApiError
from monitor.stats.prometheus import exposition

SCOPE = "metrics:read"


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures of the whole monitor, so the scope must be given explicitly; nothing of them names a project or a person."""
    try:
        token = bearer_of(request)
    except ApiError as error:
        return HttpResponse(str(error), status=error.status, content_type="text/plain", headers=error.headers)
    if SCOPE not in granted(token):
        return HttpResponse(f"The token needs the scope {SCOPE}.", status=403, content_type="text/plain")
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)

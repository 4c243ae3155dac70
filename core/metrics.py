"""/metrics for Prometheus: what this machine counted, for whoever has the token. Off unless METRICS_TOKEN is set."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.sentry.exposition import CONTENT_TYPE, exposition
from core.sentry.fates import spool_directory
from core.sentry.setup import current_setup


def is_on() -> bool:
    """Whether the address exists at all."""
    setup = current_setup()
    return setup is not None and bool(setup.environment.metrics_token)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The counters; 401 without the token, 503 while nothing is reported: the counters stand beside the spool."""
    setup = current_setup()
    token = setup.environment.metrics_token if setup is not None else ""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token or not constant_time_compare(given, token):
        return HttpResponse("A token is needed.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    directory = spool_directory()
    if directory is None:
        return HttpResponse("Nothing is reported (SENTRY_DSN), so nothing is counted.\n", status=503)
    return HttpResponse(exposition(directory), content_type=CONTENT_TYPE)

"""Health endpoints: /livez says that the process answers, /readyz that what it cannot do without answers too."""

import time
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.cache import is_degraded

OK, DEGRADED = "ok", "degraded"


def _check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _check_cache() -> str:
    cache.set("readyz", "1", timeout=5)
    return DEGRADED if is_degraded() else OK


CHECKS: dict[str, Callable[[], str]] = {"database": _check_database, "cache": _check_cache}


@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """200 as long as the process can answer at all; touches nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every check passes, 503 otherwise, with one line for each: result and milliseconds.

    The result is `ok`, `degraded` (away, but pages work without it: still 200) or the error's class.
    A database that only reads is `ok`: all processes share it, and to take all out would end reading too.
    """
    checks = {}
    for name, check in CHECKS.items():
        started = time.perf_counter()
        try:
            result = check()
        except Exception as error:  # a health check's business is to survive whatever it meets
            result = type(error).__name__
        checks[name] = {"result": result, "ms": round((time.perf_counter() - started) * 1000, 1)}
    results = {check["result"] for check in checks.values()}
    ready = results <= {OK, DEGRADED}
    status = (DEGRADED if DEGRADED in results else OK) if ready else "unavailable"
    return JsonResponse({"status": status, "checks": checks}, status=200 if ready else 503)

"""Health endpoints: /livez says that the process answers, /readyz that what it stands on answers too."""

import time
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_cache() -> None:
    cache.set("readyz", "1", timeout=5)


CHECKS: dict[str, Callable[[], None]] = {"database": _check_database, "cache": _check_cache}


@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """200 as long as the process can answer at all; touches nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every check passes, 503 otherwise, with one line for each: `ok` or the error's class, and milliseconds."""
    checks = {}
    for name, check in CHECKS.items():
        started = time.perf_counter()
        try:
            check()
            result = "ok"
        except Exception as error:  # a health check's business is to survive whatever it meets
            result = type(error).__name__
        checks[name] = {"result": result, "ms": round((time.perf_counter() - started) * 1000, 1)}
    ready = all(check["result"] == "ok" for check in checks.values())
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "checks": checks}, status=200 if ready else 503
    )

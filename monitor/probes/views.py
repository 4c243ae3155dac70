"""Whether the application answers, now and in the time that the filters name."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from monitor.probes import selectors
from monitor.probes.services import MISSES_UNTIL_DOWN
from monitor.site.filters import Filters
from monitor.site.strategy_file import current_strategy


@never_cache
def probes(request: HttpRequest) -> HttpResponse:
    """Everybody who may log in sees it: it is about the application as a whole, and tells nobody's data."""
    filters = Filters.of(request)
    step = (filters.until - filters.since) / selectors.STEPS
    return render(
        request,
        "probes/list.html",
        {
            "filters": filters,
            "courses": selectors.courses(filters.since.timestamp(), filters.until.timestamp()),
            "labels": [filters.since + step * number for number in range(selectors.STEPS)],
            "step": step.total_seconds(),
            "probes": current_strategy().probes,
            "misses": MISSES_UNTIL_DOWN,
            "address": settings.PROBE_URL,
        },
    )

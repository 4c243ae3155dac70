"""Who holds which role now, and who is next."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitor.rota import selectors
from monitor.site.strategy_file import current_strategy


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    strategy = current_strategy()
    context = {"duties": selectors.duties(strategy, time.time()), "on_call": strategy.on_call}
    return render(request, "rota/list.html", context)

"""Pages of rules, as strategy.toml has them, and of runbooks."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitor.site.runbooks import runbook_called
from monitor.site.strategy_file import current_strategy


@require_safe
def rule_list(request: HttpRequest) -> HttpResponse:
    return render(request, "alerts/rules.html", {"rules": current_strategy().alerts})


@require_safe
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    found = next((each for each in current_strategy().alerts if each.id == rule_id), None)
    if found is None:
        raise Http404(f"The strategy has no rule {rule_id}.")
    return render(request, "alerts/rule.html", {"rule": found})


@require_safe
def runbook(request: HttpRequest, name: str) -> HttpResponse:
    found = runbook_called(name)
    if found is None:
        raise Http404(f"There is no runbook {name}.")
    return render(request, "alerts/runbook.html", {"runbook": found, "name": name})

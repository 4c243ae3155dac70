"""Pages of episodes: the list, one of them, and what people say of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST, require_safe

from monitor.access.models import User
from monitor.access.permissions import require_change
from monitor.alerts import judging, rule_texts, selectors, wording
from monitor.alerts.models import Episode
from monitor.site.filters import Filters
from monitor.site.lists import page_of
from monitor.site.strategy_file import current_strategy
from strategy.model.alerting import AlertRule

PAGE_SIZE = 50
_USEFULNESS = (("said", "Judged"), ("yes", "Of use"), ("no", "Of no use"))


class AlertFilters(Filters):
    """Environments that had alerts, whether or not they had errors."""

    @cached_property
    def known_environments(self) -> list[str]:
        return list(selectors.environment_names(self.projects))


@require_safe
def episode_list(request: HttpRequest) -> HttpResponse:
    filters = AlertFilters.of(request, default_period="30d")
    strategy = current_strategy()
    state = request.GET.get("state", "")
    severity = request.GET.get("severity", "")
    useful, rule = request.GET.get("useful", ""), request.GET.get("rule", "")[:60]
    began = request.GET.get("began") == "1"
    found = selectors.episodes_of(
        filters.projects,
        environment=filters.environment,
        since=filters.since,
        until=filters.until,
        rule=rule,
        severity=severity if severity in strategy.severities else "",
        state=state,
        useful=useful,
        began=began,
    )
    page = page_of(request, found, PAGE_SIZE)
    in_all = selectors.judged(
        filters.projects,
        environment=filters.environment,
        since=filters.since,
        until=filters.until,
        rule=rule,
    )
    in_all.open = selectors.open_ones(filters.projects, environment=filters.environment)
    context = {
        "filters": filters,
        "page": page,
        "rows": [_row(one, rule_texts.rule_called(strategy, one.rule)) for one in page.object_list],
        "rule": rule,
        "rules": [(rule.id, rule.title) for rule in strategy.alerts],
        "severity": severity,
        "severities": list(strategy.severities),
        "state": state if state in selectors.STATES else "",
        "states": selectors.STATES,
        "useful": useful if useful in selectors.USEFUL else "",
        "usefulness": _USEFULNESS,
        "began": began,
        "in_all": in_all,
        "goal": strategy.goals.false_positives,
        "alerting": [each.name for each in strategy.environments.values() if each.alerts],
    }
    return render(request, "alerts/list.html", context)


def _row(episode: Episode, rule: AlertRule | None) -> dict[str, object]:
    return {
        "episode": episode,
        "about": wording.about(rule, episode.key),
        "value": wording.value(rule, episode.worst),
        "lasted": ((episode.ended_at or datetime.now(UTC)) - episode.began_at).total_seconds(),
    }


@require_safe
def episode(request: HttpRequest, pk: int) -> HttpResponse:
    found = selectors.episode_for(request.user, pk)
    strategy = current_strategy()
    rule = rule_texts.rule_called(strategy, found.rule)
    threshold = rule.threshold.value if rule is not None and rule.threshold is not None else None
    ended = found.ended_at or datetime.now(UTC)
    context = {
        "episode": found,
        "rule": rule_texts.text_of(strategy, rule) if rule is not None else None,
        "about": wording.about(rule, found.key),
        "value": wording.value(rule, found.value),
        "worst": wording.value(rule, found.worst),
        "lasted": (ended - found.began_at).total_seconds(),
        "detected_after": _detected_after(found),
        "moments": [datetime.fromtimestamp(at, UTC) for at, _ in found.course],
        "course": [value for _, value in found.course],
        "unit": _unit_of(rule),
        "threshold": threshold,
        "issues": selectors.issues_of(found),
        "notifications": selectors.notifications_of(found),
        "followers": found.followers.order_by("began_at")[:50],
        "may_change": isinstance(request.user, User) and request.user.may_change,
    }
    return render(request, "alerts/episode.html", context)


def _unit_of(rule: AlertRule | None) -> str:
    """As charts have it."""
    return {"share": "share", "seconds": "s"}.get((rule.watch.unit or "") if rule else "", "")


def _detected_after(found: Episode) -> float | None:
    if found.first_event_at is None:
        return None
    took: float = (found.began_at - found.first_event_at).total_seconds()
    return took


@require_POST
def judge(request: HttpRequest, pk: int) -> HttpResponse:
    found = selectors.episode_for(request.user, pk)
    require_change(request.user)
    answer = {"yes": True, "no": False, "": None}.get(request.POST.get("useful", "?"), "?")
    if answer == "?" or not isinstance(request.user, User):
        messages.error(request, "Nothing was changed: the answer is yes or no.")
    else:
        judging.judge(found, answer, by=request.user, now=time.time())  # type: ignore[arg-type]
    return redirect("alerts:episode", pk=found.pk)

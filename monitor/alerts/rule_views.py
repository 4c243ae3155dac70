"""Pages of rules, as strategy.toml has them, of muting them, and of runbooks."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from monitor.access.models import User
from monitor.access.permissions import project_for, require_admin, require_change
from monitor.alerts import muting, rule_texts, selectors
from monitor.alerts.models import Mute
from monitor.alerts.muting import MuteError
from monitor.site.filters import Filters
from monitor.site.lists import page_of
from monitor.site.runbooks import runbook_called
from monitor.site.strategy_file import current_strategy

LENGTHS = (
    ("3600", "an hour"),
    ("14400", "4 hours"),
    ("86400", "a day"),
    ("604800", "a week"),
    ("2592000", "30 days"),
)


class MuteForm(forms.Form):
    """For how long nobody is told of a rule, of what of it, and why."""

    length = forms.ChoiceField(choices=LENGTHS, label="For", initial="14400")
    key = forms.CharField(
        required=False,
        max_length=250,
        label="Only of",
        help_text="A key as its alerts show it: a route, a job, an issue. Empty: all of them.",
    )
    reason = forms.CharField(
        max_length=muting.REASON_MAX,
        label="Why",
        help_text="Whoever wonders at the silence reads it.",
    )


@require_safe
def rule_list(request: HttpRequest) -> HttpResponse:
    filters = Filters.of(request)
    strategy = current_strategy()
    of_rules = selectors.fared(filters.projects, time.time())
    severity = request.GET.get("severity", "")
    texts = [one for one in rule_texts.texts_of(strategy) if severity in ("", one.rule.severity)]
    context = {
        "filters": filters,
        "rows": [(text, of_rules.get(text.rule.id, selectors.Fared())) for text in texts],
        "total": len(strategy.alerts),
        "in_all": selectors.in_all(of_rules),
        "goal": strategy.goals.false_positives,
        "severity": severity,
        "severities": strategy.severities.values(),
        "path": strategy.path.name,
        "narrowed": _narrowed(filters),
    }
    return render(request, "alerts/rules.html", context)


def _narrowed(filters: Filters) -> str:
    """What an address of these projects has at its end."""
    return "".join(f"&project={one.slug}" for one in filters.projects) if filters.narrowed else ""


@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Posting to it mutes it."""
    strategy = current_strategy()
    found = rule_texts.rule_called(strategy, rule_id)
    if found is None:
        raise Http404(f"The strategy has no rule {rule_id}.")
    form = MuteForm(request.POST or None, label_suffix="")
    if request.method == "POST":
        require_change(request.user)
        if form.is_valid() and _muted(request, rule_id, form):
            return redirect("alerts:rule", rule_id=rule_id)
    filters = Filters.of(request)
    now = time.time()
    text = rule_texts.text_of(strategy, found)
    mutes = list(muting.mutes_of(rule_id, filters.choices)[:20])
    context = {
        "filters": filters,
        "text": text,
        "written": rule_texts.as_written(strategy, rule_id),
        "fared": selectors.fared(filters.projects, now, rule_id).get(rule_id, selectors.Fared()),
        "goal": strategy.goals.false_positives,
        "sharper": [one for one in strategy.alerts if one.id in found.yields_to],
        "runbook": runbook_called(text.runbook) if text.runbook else None,
        "page": page_of(request, selectors.episodes_of(filters.projects, rule=rule_id), 20),
        "mutes": mutes,
        "narrowed": _narrowed(filters),
        "now": datetime.fromtimestamp(now, UTC),
        "form": form,
        "may_change": isinstance(request.user, User) and request.user.may_change,
        "may_mute_all": isinstance(request.user, User) and request.user.is_admin,
    }
    return render(request, "alerts/rule.html", context, status=422 if form.errors else 200)


def _muted(request: HttpRequest, rule_id: str, form: MuteForm) -> bool:
    wanted = request.POST.get("for", "")
    if not wanted:
        require_admin(request.user)
    project = project_for(request.user, wanted) if wanted else None
    assert isinstance(request.user, User)  # noqa: S101  (whoever may change is one)
    now = time.time()
    try:
        made = muting.mute(
            rule_id,
            by=request.user,
            until=now + int(form.cleaned_data["length"]),
            reason=form.cleaned_data["reason"],
            now=now,
            project=project,
            key=form.cleaned_data["key"],
        )
    except MuteError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, f"Nobody is told of it until {made.until:%Y-%m-%d %H:%M} UTC.")
    return True


@require_POST
def unmute(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Mute.objects.select_related("project"), pk=pk)
    if found.project is not None:
        project_for(request.user, found.project.slug)
    require_change(request.user)
    if found.project is None:
        require_admin(request.user)
    assert isinstance(request.user, User)  # noqa: S101  (whoever may change is one)
    now = time.time()
    muting.lift(found, by=request.user, now=now)
    other = muting.mute_of(muting.mutes_at(now), found.rule, found.project_id, found.key)
    if other is None:
        messages.success(request, "People are told of it again. What is open is told within seconds.")
    else:
        messages.warning(
            request, f"Another mute still silences it, until {other.until:%Y-%m-%d %H:%M} UTC: {other.reason}"
        )
    return redirect("alerts:rule", rule_id=found.rule)


@require_safe
def runbook(request: HttpRequest, name: str) -> HttpResponse:
    found = runbook_called(name)
    if found is None:
        raise Http404(f"There is no runbook {name}.")
    return render(request, "alerts/runbook.html", {"runbook": found, "name": name})

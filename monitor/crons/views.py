"""Pages of cron monitors: the list, one of them with its history, and what members may change."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from monitor.access.models import User
from monitor.access.permissions import project_for, require_change
from monitor.crons import selectors, services
from monitor.crons.forms import CronForm
from monitor.crons.models import CheckInStatus, CronEnvironment, CronMonitor
from monitor.crons.services import CronError
from monitor.crons.watching import last_presence
from monitor.projects.models import Key
from monitor.site.filters import Filters
from monitor.site.lists import page_of, searched

PAGE_SIZE = 25
_SILENT_AFTER_S = 60.0
_STATES = ("failing", "ok", "muted", "disabled")


class CronFilters(Filters):
    """Jobs check in from environments that may never have had an error."""

    @cached_property
    def known_environments(self) -> list[str]:
        """Asked for when a page shows the filter."""
        return list(selectors.environment_names(self.projects))


@require_safe
def cron_list(request: HttpRequest) -> HttpResponse:
    filters = CronFilters.of(request)
    state = request.GET.get("state", "")
    state = state if state in _STATES else ""
    words = searched(request)
    found = selectors.monitors_of(filters.projects, words=words, environment=filters.environment, state=state)
    page = page_of(request, found, PAGE_SIZE)
    monitors = list(page.object_list)
    environments = selectors.environments_of(monitors, filters.environment)
    strips = selectors.strips_of([one for some in environments.values() for one in some])
    numbers = selectors.states_of(filters.projects)
    context = {
        "filters": filters,
        "page": page,
        "rows": [
            (monitor, [(one, strips[one.pk]) for one in environments[monitor.pk]]) for monitor in monitors
        ],
        "state": state,
        "states": [(name, numbers[name]) for name in _STATES],
        "numbers": numbers,
        "words": words,
        "silence": _silence(),
        "may_change": _may_change(request),
    }
    return render(request, "crons/list.html", context)


def _silence() -> datetime | None:
    """Since when nobody receives: nothing is judged then. None when somebody does."""
    last = last_presence()
    if last is None or datetime.now(UTC).timestamp() - last < _SILENT_AFTER_S:
        return None
    return datetime.fromtimestamp(last, UTC)


def _may_change(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.may_change


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    monitor = selectors.monitor_for(request.user, pk)
    environment = request.GET.get("environment", "")[:64]
    status = request.GET.get("status", "")
    environments = selectors.environments_of([monitor])[monitor.pk]
    strips = selectors.strips_of(environments)
    durations = selectors.durations_of(monitor, environment)
    key = Key.objects.filter(project=monitor.project, is_active=True).first()
    context = {
        "cron": monitor,
        "environments": [(one, strips[one.pk]) for one in environments],
        "environment": environment,
        "status": status if status in CheckInStatus.values else "",
        "statuses": CheckInStatus.choices,
        "starts": [start for start, _ in durations],
        "durations": [seconds for _, seconds in durations],
        "page": page_of(request, selectors.history_of(monitor, environment, status), 50),
        "address": _check_in_address(monitor, key) if key is not None else "",
        "silence": _silence(),
        "may_change": _may_change(request),
    }
    return render(request, "crons/detail.html", context)


def _check_in_address(monitor: CronMonitor, key: Key) -> str:
    """Where curl checks in."""
    host = key.dsn.partition("@")[2].rpartition("/")[0]
    scheme = key.dsn.partition("://")[0]
    return f"{scheme}://{host}/api/{monitor.project_id}/cron/{monitor.slug}/{key.public_key}/"


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    require_change(request.user)
    filters = Filters.of(request)
    form = CronForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = project_for(request.user, request.POST.get("for", ""))
        try:
            monitor = services.create_monitor(
                project, name=form.cleaned_data["name"], config=form.config, by=request
            )
        except CronError as error:
            form.add_error("name", str(error))
        else:
            return redirect("crons:detail", pk=monitor.pk)
    context = {"form": form, "choices": filters.choices, "chosen": request.POST.get("for", "")}
    return render(request, "crons/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    monitor = selectors.monitor_for(request.user, pk)
    require_change(request.user)
    form = CronForm(request.POST or None, initial=CronForm.initial_of(monitor))
    if request.method == "POST" and form.is_valid():
        services.update_monitor(monitor, by=request, name=form.cleaned_data["name"], config=form.config)
        messages.success(request, f"{monitor} is changed.")
        return redirect("crons:detail", pk=monitor.pk)
    return render(
        request, "crons/form.html", {"form": form, "cron": monitor}, status=422 if form.errors else 200
    )


_CHANGES = {
    "mute": "{} is muted: nobody is told of its failures.",
    "unmute": "{} is no longer muted.",
    "disable": "{} is disabled: nothing of it can be missed.",
    "enable": "{} is enabled: what is due from now on can be missed.",
}


@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    monitor = selectors.monitor_for(request.user, pk)
    require_change(request.user)
    action = request.POST.get("action", "")
    if action == "delete":
        services.delete_monitor(monitor, by=request)
        messages.success(request, f"{monitor} and its history are deleted.")
        return redirect("crons:list")
    if action == "delete_environment":
        environment = get_object_or_404(
            CronEnvironment, monitor=monitor, name=request.POST.get("environment", "")
        )
        services.delete_environment(environment, by=request)
        messages.success(request, f"{environment.name} and its history are deleted.")
    elif action in _CHANGES:
        services.update_monitor(
            monitor,
            by=request,
            is_muted=action == "mute" if action in {"mute", "unmute"} else None,
            is_disabled=action == "disable" if action in {"disable", "enable"} else None,
        )
        messages.success(request, _CHANGES[action].format(monitor))
    else:
        messages.error(request, "Nothing was changed: the page asked for something that monitors can't do.")
    return redirect(reverse("crons:detail", args=[monitor.pk]))

"""Cron monitors and their check-ins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from monitor.api.calls import Answer, Call
from monitor.api.errors import field_error, not_found
from monitor.api.named import project_called
from monitor.api.routing import operation
from monitor.api.shapes import cron as shapes
from monitor.crons import services
from monitor.crons.config import config_of
from monitor.crons.models import CheckIn, CheckInStatus, CronMonitor
from monitor.crons.reports import DEFAULT_ENVIRONMENT
from monitor.crons.selectors import environments_of, history_of, monitors_of
from monitor.crons.services import CronError
from monitor.releases.naming import environment_of

READ = ("project:read",)
WRITE = ("project:write",)
CHECK_IN = ("project:write", "project:releases", "org:ci")
_ALL = "organizations/{organization_id_or_slug}/monitors/"
_ONE = f"{_ALL}{{monitor_id_or_slug}}/"
_DURATION_MAX_MS = 10 * 365 * 86_400_000


@operation(
    "GET",
    _ALL,
    scopes=READ,
    summary="Cron monitors, failing ones first",
    answer=f"[{shapes.MONITOR}]",
    query=("project", "environment", "query", "cursor", "per_page"),
)
def list_monitors(call: Call) -> Any:
    environment = call.query("environment")
    page = call.paged(monitors_of(call.projects, words=call.query("query"), environment=environment))
    return shapes.monitors(page, environments_of(page, environment), call.token)


@operation(
    "POST",
    _ALL,
    scopes=WRITE,
    summary="Make a cron monitor",
    answer=shapes.MONITOR,
    status=201,
    body=shapes.NEW_MONITOR,
)
def create_monitor(call: Call) -> Any:
    body = call.body
    made = services.create_monitor(
        project_called(call.user, body["project"]),
        name=body["name"].replace("\0", ""),
        slug=body.get("slug", ""),
        config=config_of(body["config"]),
        by=call.token,
    )
    _switch(call, made)
    return _whole(call, made)


def _switch(call: Call, cron: CronMonitor) -> None:
    status = call.body.get("status")
    services.update_monitor(
        cron,
        by=call.token,
        is_muted=call.body.get("is_muted"),
        is_disabled=None if status is None else status == "disabled",
    )


def _whole(call: Call, cron: CronMonitor) -> Any:
    return shapes.monitors([cron], environments_of([cron]), call.token)[0]


@operation("GET", _ONE, scopes=READ, summary="A cron monitor", answer=shapes.MONITOR, query=("project",))
def monitor(call: Call, cron: CronMonitor) -> Any:
    return _whole(call, cron)


@operation(
    "PUT",
    _ONE,
    scopes=WRITE,
    summary="Change a cron monitor",
    answer=shapes.MONITOR,
    body=shapes.CHANGED_MONITOR,
    query=("project",),
)
def change_monitor(call: Call, cron: CronMonitor) -> Any:
    body = call.body
    if body.get("slug", cron.slug) != cron.slug:
        raise field_error("slug", f"It stays {cron.slug}: check-ins come under it.")
    config = config_of(body["config"]) if "config" in body else None
    name = body.get("name", "").replace("\0", "")
    services.update_monitor(cron, by=call.token, name=name, config=config)
    _switch(call, cron)
    return _whole(call, cron)


@operation(
    "DELETE",
    _ONE,
    scopes=WRITE,
    summary="Delete a cron monitor with its history",
    answer=None,
    status=202,
    query=("project",),
)
def delete_monitor(call: Call, cron: CronMonitor) -> Any:
    services.delete_monitor(cron, by=call.token)
    return Answer(status=202)


@operation(
    "GET",
    f"{_ONE}checkins/",
    scopes=READ,
    summary="Check-ins of a cron monitor, the last first",
    answer=f"[{shapes.CHECK_IN}]",
    query=("project", "environment", "cursor", "per_page"),
)
def list_check_ins(call: Call, cron: CronMonitor) -> Any:
    return call.shaped(history_of(cron, call.query("environment")), lambda one: shapes.check_in(one, cron))


@operation(
    "POST",
    f"{_ONE}checkins/",
    scopes=CHECK_IN,
    summary="Check in: begin a run, or say at once how it went",
    answer=shapes.CHECK_IN,
    status=201,
    body=shapes.NEW_CHECK_IN,
    query=("project",),
)
def create_check_in(call: Call, cron: CronMonitor) -> Any:
    given = call.body.get("check_in_id")
    return _checked_in(call, cron, _uid(given, "check_in_id") if given else None)


@operation(
    "PUT",
    f"{_ONE}checkins/{{checkin_id}}/",
    scopes=CHECK_IN,
    summary="End a run that has begun; `latest` is the one that runs",
    answer=shapes.CHECK_IN,
    body=shapes.NEW_CHECK_IN,
    query=("project",),
)
def change_check_in(call: Call, cron: CronMonitor, checkin_id: str) -> Any:
    runs = CheckIn.objects.filter(environment__monitor=cron)
    if checkin_id == "latest":
        found = runs.filter(status=CheckInStatus.IN_PROGRESS).order_by("-started")
    else:
        found = runs.filter(uid=_uid(checkin_id, "checkin_id"))
    run = found.select_related("environment").first()
    if run is None:
        raise not_found(f"{cron.slug} has no check-in {checkin_id[:60]}.")
    return _checked_in(call, cron, bytes(run.uid), environment=run.environment.name)


def _uid(text: str, name: str) -> bytes | None:
    """All zeros mean the run that has begun last."""
    try:
        uid = UUID(text)
    except ValueError as error:
        raise field_error(name, f"This is {text[:40]!r}; it must be a UUID.") from error
    return uid.bytes if uid.int else None


def _checked_in(call: Call, cron: CronMonitor, uid: bytes | None, *, environment: str = "") -> Any:
    body = call.body
    duration = body.get("duration")
    if duration is not None and not 0 <= duration <= _DURATION_MAX_MS:
        raise field_error("duration", f"This is {duration}; it must be milliseconds, not negative.")
    made = services.check_in(
        cron,
        CheckInStatus(body["status"]),
        environment=environment or environment_of(body.get("environment")) or DEFAULT_ENVIRONMENT,
        uid=uid,
        duration=None if duration is None else duration / 1000,
    )
    if made is None:
        raise CronError(f"{cron.slug} has too many environments already.")
    return shapes.check_in(made, cron)

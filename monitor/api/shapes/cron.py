"""Cron monitors and check-ins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from monitor.access.models import ApiToken
from monitor.api.schemas import define
from monitor.api.shapes.project import Facts, project
from monitor.api.shapes.times import iso, iso_or_none
from monitor.crons.models import CheckIn, CheckInStatus, CronEnvironment, CronMonitor
from monitor.crons.schedule import CRONTAB

Json = dict[str, Any]
MONITOR = define(
    "Monitor",
    {
        "id": "str", "slug": "str", "name": "str", "status": "=active|disabled", "isMuted": "bool", "isUpserting": "bool",
        "config": "MonitorConfig", "dateCreated": "date", "project": "Project", "environments": "[MonitorEnvironment]",
        "owner": "object?",
    },
)  # fmt: skip
define(
    "MonitorConfig",
    {
        "schedule_type": "str?", "schedule": "any", "checkin_margin": "int?", "max_runtime": "int?", "timezone": "str?",
        "failure_issue_threshold": "int?", "recovery_threshold": "int?", "alert_rule_id": "int?",
    },
)  # fmt: skip
define(
    "MonitorEnvironment",
    {
        "name": "str", "status": "str", "isMuted": "bool", "dateCreated": "date", "lastCheckIn": "date?",
        "nextCheckIn": "date?", "nextCheckInLatest": "date?", "activeIncident": "object?",
    },
)  # fmt: skip
CHECK_IN = define(
    "CheckIn",
    {
        "id": "str", "environment": "str", "status": "=in_progress|ok|error|missed|timeout|unknown", "duration": "int?",
        "dateCreated": "date", "dateAdded": "date", "dateUpdated": "date", "dateInProgress": "date?",
        "dateClock": "date", "expectedTime": "date?", "monitorConfig": "MonitorConfig",
    },
)  # fmt: skip
_CHANGES = {"slug?": "str", "status?": "=active|disabled", "is_muted?": "bool", "owner?": "str?"}
NEW_MONITOR = define("NewMonitor", {"project": "str", "name": "str", "config": "object", **_CHANGES})
CHANGED_MONITOR = define("ChangedMonitor", {"name?": "str", "config?": "object", **_CHANGES})
NEW_CHECK_IN = define(
    "NewCheckIn",
    {"status": "=in_progress|ok|error", "duration?": "num?", "environment?": "str?", "check_in_id?": "str?"},
)


def monitors(
    of: Sequence[CronMonitor], environments: dict[int, list[CronEnvironment]], token: ApiToken
) -> list[Json]:
    facts = Facts.of(list({one.project_id: one.project for one in of}.values()))
    return [
        {
            "id": str(one.pk),
            "slug": one.slug,
            "name": one.name,
            "status": "disabled" if one.is_disabled else "active",
            "isMuted": one.is_muted,
            "isUpserting": False,
            "config": config(one),
            "dateCreated": iso(one.created_at),
            "project": project(one.project, facts, token),
            "environments": [_environment(env, one) for env in environments.get(one.pk, [])],
            "owner": None,
        }
        for one in of
    ]


def config(of: CronMonitor) -> Json:
    schedule: Any = of.crontab
    if of.schedule_type != CRONTAB:
        schedule = [of.interval_value, of.interval_unit] if of.schedule_type else None
    return {
        "schedule_type": of.schedule_type or None,
        "schedule": schedule,
        "checkin_margin": of.checkin_margin,
        "max_runtime": of.max_runtime,
        "timezone": of.timezone,
        "failure_issue_threshold": of.failure_issue_threshold,
        "recovery_threshold": of.recovery_threshold,
        "alert_rule_id": None,
    }


def _environment(of: CronEnvironment, monitor: CronMonitor) -> Json:
    incident = None
    if of.is_failing and of.status_since is not None:
        incident = {
            "startingTimestamp": iso(of.status_since),
            "resolvingTimestamp": None,
            "brokenNotice": None,
        }
    return {
        "name": of.name,
        "status": "error" if of.is_failing else "ok",
        "isMuted": monitor.is_muted,
        "dateCreated": iso(monitor.created_at),
        "lastCheckIn": iso_or_none(of.last_check_in_at),
        "nextCheckIn": iso_or_none(of.next_due_at),
        "nextCheckInLatest": iso_or_none(of.overdue_at),
        "activeIncident": incident,
    }


def check_in(of: CheckIn, monitor: CronMonitor) -> Json:
    """`duration` in milliseconds; `environment` has to be there."""
    running = of.status == CheckInStatus.IN_PROGRESS
    return {
        "id": str(UUID(bytes=bytes(of.uid))),
        "environment": of.environment.name,
        "status": of.status,
        "duration": None if of.duration is None else round(of.duration * 1000),
        "dateCreated": iso(of.started),
        "dateAdded": iso(of.started),
        "dateUpdated": iso(of.at),
        "dateInProgress": iso(of.started) if running or of.duration is not None else None,
        "dateClock": iso(of.at),
        "expectedTime": iso_or_none(of.expected),
        "monitorConfig": config(monitor),
    }

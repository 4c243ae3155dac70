"""What each operation is asked with in tests that ask all of them."""

from __future__ import annotations

from typing import Any

from monitor.api.routing import OPERATIONS, ROOT, Operation
from tests.monitor_site.api.conftest import Caller, Full

_CHANGE = {"status": "resolved", "statusDetails": {"inNextRelease": True}, "assignedTo": "ada@example.org"}
_CHECK_IN = {"status": "ok", "duration": 1500}
BODIES: dict[str, dict[str, Any]] = {
    "create_project": {"name": "Gauges", "platform": "python-django"},
    "change_project": {"name": "HydroML two"},
    "create_key": {"name": "worker"},
    "change_key": {"name": "web"},
    "change_project_issues": {"status": "resolved"},
    "change_issues": {"status": "ignored", "statusDetails": {"ignoreCount": 10}},
    "issue_change": _CHANGE,
    "issue_change_by_number": _CHANGE,
    "create_release": {"version": "hydroml@1.5.0", "projects": ["hydroml"]},
    "create_project_release": {"version": "hydroml@1.5.0"},
    "change_release": {"dateReleased": "2026-11-22T04:00:00Z"},
    "change_project_release": {"ref": "main"},
    "create_deploy": {"environment": "staging"},
    "create_monitor": {
        "project": "hydroml",
        "name": "Weekly",
        "config": {"schedule_type": "interval", "schedule": [1, "day"]},
    },
    "change_monitor": {"name": "Every night"},
    "create_check_in": _CHECK_IN,
    "change_check_in": _CHECK_IN,
    "create_feedback": {
        "event_id": "0" * 31 + "1",
        "name": "Ada",
        "email": "ada@example.org",
        "comments": "Broke.",
    },
    "change_incident": {"state": "acknowledged", "severity": "P1", "note": "Looking."},
    **{
        f"issue_add_{kind}{end}": {"text": "Seen."}
        for kind in ("comments", "notes")
        for end in ("", "_by_number")
    },
}
_MANY = {"query": "is:unresolved"}
QUERIES: dict[str, dict[str, Any]] = dict.fromkeys(
    ("change_project_issues", "change_issues", "delete_project_issues", "delete_issues"), _MANY
)
READING = [one for one in OPERATIONS if one.method == "GET"]
WRITING = [one for one in OPERATIONS if one.method != "GET"]


def address(operation: Operation, full: Full) -> str:
    path = f"{ROOT}{operation.path}"
    for name, value in full.variables.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def ask(caller: Caller, operation: Operation, full: Full) -> Any:
    return caller(
        operation.method,
        address(operation, full),
        BODIES.get(operation.name),
        **QUERIES.get(operation.name, {}),
    )

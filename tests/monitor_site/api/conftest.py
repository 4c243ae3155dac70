"""A project in which something of everything is there, and callers with tokens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.test import Client

from monitor.access import tokens
from monitor.access.models import User
from monitor.access.scopes import SCOPES
from monitor.api import dispatch  # noqa: F401 (fills the table)
from monitor.crons.models import CronMonitor
from monitor.incidents import services, telling
from monitor.incidents.models import Incident
from monitor.issues.models import Attachment, Issue
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.incidents.episodes import begun

Json = dict[str, Any]
RELEASE = "hydroml@1.4.2"


@dataclass
class Caller:
    """Asks below /api/0/ with a token; gives what Django's client gives."""

    bearer: str
    client: Client

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        address = path if path.startswith("/") else f"/api/0/{path}"
        return self.client.generic(
            method,
            address,
            data=b"" if body is None else _json(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.bearer}"} if self.bearer else {},
            query_params=query or None,
        )

    def get(self, path: str, **query: Any) -> Any:
        """What the answer holds; it must be a good one."""
        response = self("GET", path, **query)
        assert response.status_code == 200, (path, response.content)
        return response.json()


def _json(body: Any) -> bytes:
    return body if isinstance(body, bytes) else orjson.dumps(body)


CallerOf = Callable[..., Caller]


@pytest.fixture
def caller_of() -> CallerOf:
    """`caller_of(user, scopes)`: all scopes unless some are given."""

    def make(user: User, scopes: Iterable[str] = tuple(SCOPES)) -> Caller:
        return Caller(tokens.create(user, "script", scopes)[1], Client(raise_request_exception=True))

    return make


@pytest.fixture
def as_script(caller_of: CallerOf, admin: User) -> Caller:
    return caller_of(admin)


@dataclass
class Full:
    """What is in the project."""

    project: Project
    event_id: str
    message_id: str
    issue: Issue
    message: Issue
    cron: CronMonitor
    attachment: Attachment
    incident: Incident

    @property
    def variables(self) -> dict[str, str]:
        """For the addresses of the table."""
        return {
            "organization_id_or_slug": "hydroml",
            "project_id_or_slug": self.project.slug,
            "issue_id": str(self.issue.pk),
            "event_id": self.event_id,
            "attachment_id": str(self.attachment.pk),
            "key": "environment",
            "key_id": str(self.project.keys.get().public_key),
            "version": RELEASE,
            "monitor_id_or_slug": self.cron.slug,
            "checkin_id": "latest",
            "member_id": "me",
            "incident_number": str(self.incident.number),
            "alert_id": str(self.incident.episodes.get().pk),
            "note_id": str(self.issue.activities.get(kind="comment").pk),
        }


def failure(**rest: Any) -> Json:
    frame = {
        "filename": "models.py",
        "module": "experiments.models",
        "function": "train",
        "lineno": 12,
        "pre_context": ["a = 1", "b = 0"],
        "context_line": "a / b",
        "post_context": ["c = 2"],
        "in_app": True,
        "vars": {"a": "1"},
    }
    exception = {
        "type": "ZeroDivisionError",
        "value": "division by zero",
        "mechanism": {"type": "django", "handled": False},
        "stacktrace": {"frames": [frame]},
    }
    return {
        "event_id": uuid4().hex,
        "level": "error",
        "platform": "python",
        "release": RELEASE,
        "environment": "production",
        "exception": {"values": [exception]},
        "user": {"id": "7"},
        "request": {
            "method": "GET",
            "url": "https://hydroml.example.org/projects/3/",
            "headers": {"Accept": "*/*"},
        },
        "breadcrumbs": {"values": [{"timestamp": time.time(), "category": "query", "message": "SELECT 1"}]},
        "contexts": {"runtime": {"name": "CPython", "version": "3.11"}},
        "sdk": {"name": "sentry.python", "version": "2.75.0"},
        "extra": {"basin": "01022500"},
        **rest,
    }


@pytest.fixture
def full(project: Project, deliver: Delivery, as_script: Caller) -> Full:
    first, message = (
        failure(),
        {"event_id": uuid4().hex, "message": "Basin 01022500 has no data", "level": "warning"},
    )
    deliver(first, message, failure(environment="staging"))
    deliver(
        deliver.envelope(
            (
                {"type": "attachment", "filename": "input.csv", "content_type": "text/csv"},
                b"date,discharge\n",
            ),
            event_id=first["event_id"],
        )
    )
    deliver(
        ("check_in", {"monitor_slug": "nightly", "status": "ok", "duration": 12.5, "monitor_config": CONFIG})
    )
    deliver(("check_in", {"monitor_slug": "nightly", "status": "in_progress"}))
    deliver(
        ("user_report", {"event_id": first["event_id"], "comments": "It broke.", "email": "ada@example.org"})
    )
    commit = {
        "id": "a" * 40,
        "repository": "hydroml/hydroml",
        "message": "Divide no more",
        "author_name": "Ada",
        "author_email": "ada@example.org",
        "timestamp": "2026-11-20T10:00:00Z",
        "patch_set": [{"path": "experiments/models.py", "type": "M"}],
    }
    assert (
        as_script("PUT", f"organizations/hydroml/releases/{RELEASE}/", {"commits": [commit]}).status_code
        == 200
    )
    deploy = {"environment": "production", "name": "blue", "url": "https://hydroml.example.org/"}
    assert as_script("POST", f"organizations/hydroml/releases/{RELEASE}/deploys/", deploy).status_code == 201
    issue = Issue.objects.get(type="ZeroDivisionError")
    assert as_script("POST", f"issues/{issue.pk}/comments/", {"text": "Looking."}).status_code == 201
    return Full(
        project=project,
        event_id=first["event_id"],
        message_id=message["event_id"],
        issue=issue,
        message=Issue.objects.get(type=""),
        cron=CronMonitor.objects.get(),
        attachment=Attachment.objects.get(),
        incident=_incident(project, issue),
    )


def _incident(project: Project, issue: Issue) -> Incident:
    """With an alert that is open, of which somebody has been told."""
    now = time.time()
    episode = begun("database", now, project=project, issues=[issue.pk], release=RELEASE)
    incident = services.open_or_update(episode, now)
    assert incident is not None
    telling.reopened(incident, "Ada", now)
    return incident


CONFIG = {"schedule": {"type": "crontab", "value": "0 3 * * *"}, "checkin_margin": 5, "max_runtime": 60}

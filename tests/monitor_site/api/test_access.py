"""No operation can forget to ask who somebody is: all of the table, tried by those who may not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from monitor.access import tokens
from monitor.access.models import AuditEntry, Role, User
from monitor.access.scopes import SCOPES
from monitor.api.routing import OPERATIONS
from monitor.crons.models import CheckIn, CronMonitor
from monitor.feedback.models import Feedback
from monitor.incidents.models import Incident
from monitor.issues.models import Activity, Issue
from monitor.projects.models import Key, Project
from monitor.releases.models import Deploy, Release, ReleaseCommit
from tests.monitor_site.api.asked import READING, WRITING, ask
from tests.monitor_site.api.conftest import Caller, CallerOf, Full

OF_NO_PROJECT = {"organization_id_or_slug", "member_id"}


def what_there_is() -> list[str]:
    models = (
        Issue,
        Project,
        Key,
        Release,
        Deploy,
        ReleaseCommit,
        CronMonitor,
        CheckIn,
        Feedback,
        Activity,
        Incident,
    )
    return [str(sorted(map(str, model.objects.values()))) for model in models]


def test_without_a_token_nobody_is_let_in(full: Full) -> None:
    before = what_there_is()
    for bearer in ("", "sntryu_" + "0" * 64, "x", "\x7f"):
        for one in OPERATIONS:
            response = ask(Caller(bearer, Client()), one, full)
            assert response.status_code == 401, one
            assert response.json()["detail"], one
            assert response["WWW-Authenticate"].startswith("Bearer"), one
    assert what_there_is() == before


def test_a_cookie_lets_nobody_in(full: Full, as_admin: Client) -> None:
    for one in OPERATIONS:
        assert ask(Caller("", as_admin), one, full).status_code == 401, one


def test_a_token_that_has_ended_lets_nobody_in(member: User, full: Full) -> None:
    _, bearer = tokens.create(member, "old", SCOPES, now() - timedelta(seconds=1))
    assert Caller(bearer, Client())("GET", "organizations/hydroml/issues/").status_code == 401


def test_a_token_needs_the_scope(full: Full, caller_of: CallerOf, member: User) -> None:
    before = what_there_is()
    caller = caller_of(member, ["metrics:read"])
    for one in OPERATIONS:
        response = ask(caller, one, full)
        assert response.status_code == (403 if one.scopes else 200), one
        if one.scopes:
            assert one.scopes[0] in response.json()["detail"], one
    assert what_there_is() == before


def test_each_scope_that_is_named_is_enough(full: Full, caller_of: CallerOf, admin: User) -> None:
    callers = {scope: caller_of(admin, [scope]) for scope in SCOPES}
    for one in READING:
        for scope in one.scopes:
            assert ask(callers[scope], one, full).status_code == 200, (one, scope)


def test_a_viewer_reads_and_changes_nothing(full: Full, caller_of: CallerOf, viewer: User) -> None:
    before = what_there_is()
    caller = caller_of(viewer)
    for one in WRITING:
        assert ask(caller, one, full).status_code == 403, one
    assert what_there_is() == before
    assert all(ask(caller, one, full).status_code == 200 for one in READING)


def test_to_a_stranger_a_project_does_not_exist(full: Full, caller_of: CallerOf) -> None:
    full.project.name = "Narraguagus"
    full.project.save()
    stranger = User.objects.create_user("stranger@example.org", "a-long-password", role=Role.MEMBER)
    caller = caller_of(stranger)
    before = what_there_is()
    for one in OPERATIONS:
        response = ask(caller, one, full)
        if set(one.variables) - OF_NO_PROJECT:
            assert response.status_code == 404, (one, response.content)
        for secret in (b"Narraguagus", b"ZeroDivisionError", b"hydroml@1.4.2", b"nightly", b"It broke"):
            assert response.status_code >= 400 or secret not in response.content, one
        if one.method != "GET":
            assert response.status_code in (403, 404), one
    assert what_there_is() == before


def test_nobody_merges_or_deletes_without_the_scope_for_it(
    full: Full, caller_of: CallerOf, member: User
) -> None:
    caller = caller_of(member, ["event:write"])
    both = {"id": [full.issue.pk, full.message.pk]}
    refused = caller("PUT", "organizations/hydroml/issues/", {"merge": True, "status": "resolved"}, **both)
    assert refused.status_code == 403
    assert "event:admin" in refused.json()["detail"]
    assert Issue.objects.filter(status="unresolved").count() == 2


def test_projects_are_made_by_admins(full: Full, caller_of: CallerOf, member: User) -> None:
    assert caller_of(member)("POST", "organizations/hydroml/projects/", {"name": "Mine"}).status_code == 403


def test_members_see_those_with_whom_they_share_a_project(
    full: Full, caller_of: CallerOf, member: User
) -> None:
    alone = User.objects.create_user("alone@example.org", "a-long-password", role=Role.MEMBER)
    seen = {one["email"] for one in caller_of(member).get("organizations/hydroml/members/")}
    assert member.email in seen
    assert alone.email not in seen
    assert caller_of(member)("GET", f"organizations/hydroml/members/{alone.pk}/").status_code == 404


def test_the_log_names_the_token(full: Full, caller_of: CallerOf, member: User) -> None:
    caller_of(member)("PUT", f"issues/{full.issue.pk}/", {"status": "resolved"})
    entry = AuditEntry.objects.filter(action="issue.resolved").latest("pk")
    assert entry.user == member
    assert "token script" in entry.actor


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing/", 404),
        ("GET", "organizations/other/", 404),
        ("PATCH", "organizations/", 405),
        ("GET", "organizations/hydroml/issues/999999999999999999999/", 404),
        ("GET", "issues/99999/", 404),
        ("GET", "issues/HYDROML-99/", 404),
        ("GET", "projects/hydroml/nothing/", 404),
        ("GET", "projects/hydroml/hydroml/events/zz/", 404),
        ("GET", "organizations/hydroml/issues/?cursor=x", 400),
        ("GET", "organizations/hydroml/issues/?limit=101", 400),
        ("GET", "organizations/hydroml/issues/?sort=x", 400),
        ("GET", "organizations/hydroml/issues/?statsPeriod=x", 400),
        ("GET", "organizations/hydroml/issues/?query=is:nothing", 400),
        ("GET", "organizations/hydroml/issues/?project=nothing", 404),
        ("GET", "projects/hydroml/hydroml/stats/?since=x", 400),
        ("GET", "projects/hydroml/hydroml/stats/?stat=x", 400),
        ("GET", "projects/hydroml/hydroml/stats/?since=3000d&resolution=10s", 400),
        ("GET", "organizations/hydroml/stats_v2/?groupBy=x", 400),
    ],
)
def test_what_is_wrong_is_said_in_json(
    as_script: Caller, project: Project, method: str, path: str, status: int
) -> None:
    response = as_script(method, f"/api/0/{path}")
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    assert response.json()

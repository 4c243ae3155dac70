"""Nobody can forget to ask who somebody is: every address that there is, tried by those who may not.

A new page is tried as soon as it has an address; what its variables stand for is added to `samples`.
"""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client, RequestFactory
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from monitor.access import tokens
from monitor.access.models import Role, User
from monitor.alerts.dispatch.models import OutboxMessage
from monitor.alerts.models import Episode, Mute, Notification
from monitor.crons.models import CronMonitor
from monitor.dashboards import sharing
from monitor.dashboards.models import SharedLink
from monitor.feedback.models import Feedback
from monitor.incidents.services import open_by_hand
from monitor.issues.models import Issue
from monitor.performance.models import TransactionGroup, TransactionSample
from monitor.projects.models import Key, Project
from monitor.releases.models import Release
from monitor.releases.rollback.models import Rollback
from monitor.reports.models import Kind
from monitor.reports.periods import latest_due
from monitor.reports.services import write, zone
from monitor.rota import services as rota
from monitor.rota.models import Person
from monitor.site.strategy_file import current_strategy
from tests.monitor_site.access.addresses import Address, Samples, all_addresses
from tests.monitor_site.deliveries.messages import message
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric
from tests.monitor_site.performance.traced import transaction

HIDDEN = "Narraguagus"
"""The name of the project that strangers must never read."""
OPEN = {
    "access:login", "access:set_password", "incidents:status", "dashboards:shared", "dashboards:shared_panels",
}  # fmt: skip
"""What is there for whoever has not logged in yet."""
READ_BY_ALL = {"incidents:status", "dashboards:shared", "dashboards:shared_panels"}
"""Pages for everybody, which take no post."""
OPEN_POSTS = (OPEN - READ_BY_ALL) | {"access:theme"}
OWN = {"access:tokens", "access:preferences", "access:password", "access:logout"}
"""What a viewer may post: it changes what is their own."""
OF_NO_PROJECT = {
    "deliveries:test", "alerts:runbook", "alerts:rule", "slos:detail", "dashboards:detail",
    "dashboards:panels", "dashboards:share",
    "rota:person", "rota:end_stand_in",
    "rota:role", "rota:stand_in", "rota:hand_over",
    "reports:report", "reports:markdown",
}  # fmt: skip
"""Whose variables name nothing that belongs to a project."""
OTHER_WAYS_IN = {"api"}
"""Rooms that know their callers by token; tests/monitor_site/api tries those."""


@pytest.fixture
def hidden(project: Project) -> Project:
    project.name = HIDDEN
    project.save()
    return project


@pytest.fixture
def samples(hidden: Project, deliver: Delivery, admin: User) -> Samples:
    event_id = uuid4().hex
    deliver({"event_id": event_id, "message": f"in {HIDDEN}", "level": "error", "release": f"{HIDDEN}@1.0.0"})
    deliver(("check_in", {"monitor_slug": HIDDEN, "status": "ok"}))
    deliver(("user_report", {"event_id": event_id, "comments": f"in {HIDDEN}", "email": "ada@example.org"}))
    now = time.time()
    deliver(transaction(at=now, name=f"/{HIDDEN}/"), item(metric(HIDDEN, 1, now)))
    episode = Episode.objects.create(
        rule="database",
        key="all",
        title=f"in {HIDDEN}",
        severity="P0",
        project=hidden,
        began_at=1,
        value=1,
        worst=1,
    )
    told = Notification.objects.create(
        channel="email", kind="fired", message=message(title=f"in {HIDDEN}").as_json(), once="told",
        episode=episode, created_at=time.time(), not_before=1,
    )  # fmt: skip
    mail = OutboxMessage.objects.create(
        notification=told, at=1, kind="email", payload={"html": f"in {HIDDEN}", "headers": {}}
    )
    person = Person.objects.create(name=HIDDEN[::-1])
    rota.set_order("on_call", [person.pk], admin, now)
    stand_in = rota.stand_in("on_call", person, starts=now, ends=now + 60, reason="", by=admin)
    incident = open_by_hand(hidden, title=f"in {HIDDEN}", severity="P1", now=time.time(), by=admin)
    shared = RequestFactory().post("/")
    shared.user = admin
    _, link_token = sharing.share(shared, "sre", [hidden], environment="", period="24h", days=1)
    mute = Mute.objects.create(rule="database", project=hidden, until=1, reason=f"in {HIDDEN}", made_at=0)
    day = latest_due(Kind.DAILY, current_strategy().digest, zone(), now)
    write(day, now)
    rollback = Rollback.objects.create(
        project=hidden,
        environment="production",
        release=Release.objects.get(version=f"{HIDDEN}@1.0.0"),
        deployed_at=now,
        found_at=now,
        mode="confirm",
        evidence={
            "now": {"requests": 200, "error_rate": 0.5, "sessions": 0, "crash_free": None},
            "before": None,
            "broken": ["error_rate"],
            "limits": {"error_rate": 0.05, "crash_free": 0.99},
        },
        state="said",
    )
    token, _ = tokens.create(admin, "a script", ["event:read"])
    return {
        "slug": hidden.slug,
        "projects.pk": Key.objects.get(project=hidden).pk,
        "access.pk": admin.pk,
        "access:revoke_own_token.pk": token.pk,
        "token_pk": token.pk,
        "uidb64": urlsafe_base64_encode(force_bytes(admin.pk)),
        "token": default_token_generator.make_token(admin),
        "issues.pk": Issue.objects.get(project=hidden).pk,
        "event_id": event_id,
        "attachment": 1,
        "alerts.name": "database",
        "alerts.rule_id": "database",
        "alerts.pk": episode.pk,
        "alerts:unmute.pk": mute.pk,
        "deliveries.pk": told.pk,
        "deliveries:mail.pk": mail.pk,
        "deliveries.name": "slack",
        "releases.version": f"{HIDDEN}@1.0.0",
        "performance:transaction.pk": TransactionGroup.objects.get().pk,
        "performance:sample.pk": TransactionSample.objects.get().pk,
        "performance.name": HIDDEN,
        "crons.pk": CronMonitor.objects.get().pk,
        "incidents.number": incident.number,
        "rota.role": "on_call",
        "rota:person.pk": person.pk,
        "rota:end_stand_in.pk": stand_in.pk,
        "feedback.pk": Feedback.objects.get().pk,
        "reports.kind": day.kind.value,
        "reports.name": day.name,
        "rollback.pk": rollback.pk,
        "slos.name": "availability",
        "dashboards.name": "sre",
        "dashboards.pk": SharedLink.objects.get().pk,
        "dashboards.token": link_token,
        "digest.name": "0000000000000000001-00000000.record",
    }


@pytest.fixture
def addresses(samples: Samples) -> list[Address]:
    return [one for one in all_addresses(samples) if one.room not in OTHER_WAYS_IN]


@pytest.fixture
def stranger(db: None) -> User:
    """A member of no project."""
    return User.objects.create_user("stranger@example.org", "a-long-password", role=Role.MEMBER)


def test_without_a_log_in_every_address_leads_to_it(addresses: list[Address]) -> None:
    for one in addresses:
        client = Client()
        if one.name not in OPEN:
            response = client.get(one.path)
            assert response.status_code in {302, 401, 405}, one
            assert response.status_code != 302 or response["Location"].startswith("/accounts/login/"), one
        if one.name not in OPEN_POSTS:
            response = client.post(one.path)
            assert response.status_code in {302, 401, 403} or one.name in READ_BY_ALL, one
            assert response.status_code != 302 or response["Location"].startswith("/accounts/login/"), one


def test_a_viewer_can_post_nothing_but_what_is_their_own(addresses: list[Address], viewer: User) -> None:
    for one in addresses:
        if one.name in OPEN_POSTS | OWN or one.name == "access:revoke_own_token":
            continue
        client = Client()
        client.force_login(viewer)
        for method in (client.post, client.put, client.patch, client.delete):
            assert method(one.path).status_code in {403, 404, 405}, (method, one)


def test_a_viewer_cannot_revoke_what_is_anothers(addresses: list[Address], as_viewer: Client) -> None:
    path = next(one.path for one in addresses if one.name == "access:revoke_own_token")
    assert as_viewer.post(path).status_code == 404


def test_looking_changes_nothing(addresses: list[Address], as_viewer: Client, hidden: Project) -> None:
    def what_there_is() -> list[object]:
        rows = (
            User.objects.values_list("pk", "email", "role", "is_active"),
            Key.objects.values_list("pk", "label", "is_active"),
            Issue.objects.values_list("pk", "status", "assigned_to"),
        )
        return [sorted(map(str, found)) for found in rows]

    before = what_there_is()
    for one in addresses:
        assert as_viewer.get(one.path).status_code in {200, 302, 403, 404, 405}, one
    assert what_there_is() == before


def test_to_a_stranger_a_project_does_not_exist(addresses: list[Address], stranger: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(stranger)
    for one in addresses:
        if one.name in OPEN | {"access:logout"}:
            continue
        for response in (client.get(one.path), client.post(one.path)):
            assert response.status_code < 500, one
            if response.status_code == 200:
                content = b"".join(response) if response.streaming else response.content
                assert HIDDEN.encode() not in content, one
            if one.variables and one.name not in OF_NO_PROJECT:
                assert response.status_code in {403, 404, 405}, one
        filtered = client.get(one.path, {"project": "hydroml"})
        if filtered.status_code == 200 and not filtered.streaming:
            assert HIDDEN.encode() not in filtered.content, one


def test_what_is_for_admins_is_refused_to_members(addresses: list[Address], as_member: Client) -> None:
    for_admins = {
        "access:users", "access:invite", "access:user", "access:reset", "access:set_active", "access:revoke_token",
        "access:audit", "access:audit_export", "access:person", "access:erase_person", "projects:new",
        "rota:people", "rota:person", "rota:role",
        "digest:poison", "digest:poison_record", "digest:poison_retry", "digest:poison_discard",
    }  # fmt: skip
    assert for_admins <= {one.name for one in addresses}
    for one in addresses:
        if one.name in for_admins:
            assert as_member.get(one.path).status_code in {403, 405}, one
            assert as_member.post(one.path).status_code == 403, one


def test_every_page_can_be_drawn(addresses: list[Address], as_admin: Client) -> None:
    for one in addresses:
        if one.name in {"access:logout"}:
            continue
        response = as_admin.get(one.path)
        assert response.status_code in {200, 302, 404, 405}, one

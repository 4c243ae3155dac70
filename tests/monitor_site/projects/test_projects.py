"""Projects and their keys, from their pages to the receiving end."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from monitor.access.models import AuditEntry
from monitor.ingest.keyring import ProjectKey, SnapshotKeyRing
from monitor.issues.models import Issue
from monitor.projects import selectors
from monitor.projects.models import Key, Project
from monitor.stats.models import EventCount
from tests.monitor_site.delivering import Delivery


def _published(settings: Settings, key: Key) -> ProjectKey | None:
    return SnapshotKeyRing(Path(settings.KEYS_FILE)).find(key.public_key)


def test_a_new_project_can_be_sent_to(
    as_admin: Client,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = as_admin.post("/projects/new/", {"name": "Web shop", "slug": "shop", "platform": "node"})
    assert response["Location"] == "/projects/shop/set-up/"
    key = Key.objects.get(project__slug="shop")
    found = _published(settings, key)
    assert found is not None
    assert (found.project_id, found.is_active) == (key.project_id, True)
    assert key.dsn in as_admin.get("/projects/shop/set-up/").content.decode()
    entry = AuditEntry.objects.get(action="project.created")
    # Whoever reads the log needs to know which key it was, and not to be able to send with it.
    assert key.public_key not in str(entry.details)


@pytest.mark.parametrize("slug", ["new", "NEW", "12", "a b", "hydroml", ""])
def test_a_short_name_that_cannot_be_is_refused(as_admin: Client, project: Project, slug: str) -> None:
    response = as_admin.post("/projects/new/", {"name": "x", "slug": slug, "platform": "node"})
    assert response.status_code == 422
    assert Project.objects.get() == project


def test_a_member_changes_their_project_and_makes_none(as_member: Client, project: Project) -> None:
    fields = {"name": "HydroML 2", "platform": "python", "retention_days": "30"}
    assert as_member.post("/projects/hydroml/edit/", fields).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.retention_days) == ("HydroML 2", 30)
    changed = AuditEntry.objects.get(action="project.changed").details["changed"]
    assert changed["retention_days"] == [None, 30]
    assert as_member.post("/projects/new/", {"name": "x", "slug": "x", "platform": "node"}).status_code == 403


@pytest.mark.parametrize("days", ["0", "-1", "4000", "soon"])
def test_a_retention_that_makes_no_sense_is_refused_beside_the_field(
    as_member: Client, project: Project, days: str
) -> None:
    response = as_member.post(
        "/projects/hydroml/edit/", {"name": "x", "platform": "node", "retention_days": days}
    )
    assert response.status_code == 422
    project.refresh_from_db()
    assert project.retention_days is None


def test_a_key_that_is_switched_off_is_kept_out(
    as_member: Client,
    project: Project,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    key = project.keys.get()
    path = f"/projects/hydroml/keys/{key.pk}/switch/"
    for on, action in (("0", "key.switched_off"), ("1", "key.switched_on")):
        with django_capture_on_commit_callbacks(execute=True):
            as_member.post(path, {"on": on})
        found = _published(settings, key)
        assert found is not None
        assert found.is_active is (on == "1")
        assert AuditEntry.objects.filter(action=action, project=project).exists()


def test_a_key_lets_in_only_the_pages_that_it_names(
    as_member: Client,
    project: Project,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    fields = {"label": "Browser", "origins": "https://www.example.org/\nhttps://*.Example.net"}
    with django_capture_on_commit_callbacks(execute=True):
        as_member.post("/projects/hydroml/keys/new/", fields)
    found = _published(settings, project.keys.get(label="Browser"))
    assert found is not None
    assert found.allows_origin("https://www.example.org")
    assert found.allows_origin("https://a.example.net")
    assert not found.allows_origin("https://evil.example")


@pytest.mark.parametrize("origin", ["example.org", "https://example.org/path", "*", "javascript:alert(1)"])
def test_what_is_no_origin_is_refused_with_the_way_out(as_member: Client, origin: str) -> None:
    response = as_member.post("/projects/hydroml/keys/new/", {"label": "x", "origins": origin})
    assert response.status_code == 422
    assert "give scheme and host" in response.content.decode()


def test_another_projects_key_cannot_be_reached(as_member: Client, other_project: Project) -> None:
    key = other_project.keys.get()
    assert as_member.get(f"/projects/hydroml/keys/{key.pk}/").status_code == 404
    assert as_member.post(f"/projects/hydroml/keys/{key.pk}/switch/", {"on": "0"}).status_code == 404
    key.refresh_from_db()
    assert key.is_active


def test_the_page_waits_for_the_first_event_until_it_arrives(as_member: Client, deliver: Delivery) -> None:
    page = as_member.get("/projects/hydroml/set-up/").content.decode()
    assert "Waiting for the first event" in page
    assert 'data-renews-from="/projects/hydroml/arrived/"' in page
    assert as_member.get("/projects/hydroml/arrived/").json() == {"changed": False}
    deliver({"message": "Hello from Django", "level": "error"})
    assert as_member.get("/projects/hydroml/arrived/").json() == {"changed": True}
    page = as_member.get("/projects/hydroml/set-up/").content.decode()
    assert "Waiting" not in page
    assert "Hello from Django" in page


def test_events_of_the_last_day_are_counted_by_hour(project: Project, other_project: Project) -> None:
    now = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    minute = int(now.timestamp()) // 60
    for ago, times in ((0, 3), (29, 4), (31, 5), (24 * 60, 100)):
        EventCount.objects.create(project=project, minute=minute - ago, level="error", times=times)
    ours, theirs = selectors.overviews([project, other_project], now=now)
    assert ours.by_hour[-2:] == [5, 7]
    assert ours.events == 12
    assert ours.hours[-1] == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert theirs.events == 0


def test_the_list_shows_what_is_going_on(
    as_member: Client, deliver: Delivery, other_project: Project
) -> None:
    deliver({"message": "a", "level": "error"}, {"message": "b", "level": "error"})
    page = as_member.get("/projects/").content.decode()
    assert 'data-label="Events, 24 h">2<' in page
    assert 'data-label="Unresolved issues">2<' in page
    assert other_project.name not in page


def test_the_list_costs_the_same_for_many(
    as_admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = time.time()
    for number in range(30):
        made = Project.objects.create(slug=f"p{number}", name=f"Project {number}")
        moment = datetime.fromtimestamp(now, UTC) - timedelta(hours=number)
        Issue.objects.create(
            project=made, number=1, title="x", level="error", first_seen=moment, last_seen=moment
        )
    with django_assert_max_num_queries(8):
        assert as_admin.get("/projects/").status_code == 200


@pytest.mark.django_db
def test_without_any_project_the_first_step_is_offered(as_admin: Client) -> None:
    assert "Make the first project" in as_admin.get("/projects/").content.decode()

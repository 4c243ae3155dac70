"""The system page: what waits, who works, what was set aside."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from monitor.access.models import AuditEntry
from monitor.digest.spooled import digest_spool
from monitor.digest.system.set_aside import hex_head, shelf
from monitor.digest.system.state import sizes, state
from monitor.digest.worker_state import StateFile
from monitor.ingest.spool import RecordMeta, SpoolWriter
from monitor.issues.models import Issue
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery

PAGE = "/system/"


@pytest.fixture(autouse=True)
def _own_root(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_ROOT = tmp_path


@pytest.fixture
def worker(settings: Settings) -> Iterator[StateFile]:
    found = StateFile(Path(settings.DATA_ROOT))
    yield found
    found.close()


def _aside(settings: Settings, body: bytes, *, project_id: int = 1, **meta: object) -> str:
    """Through the digest: it finds for itself that it can't read this."""
    writer = SpoolWriter(Path(settings.SPOOL_DIRECTORY), min_free_bytes=0)
    writer.append(
        RecordMeta(project_id=project_id, received_at=time.time(), client="test/1.0", **meta),
        body,  # type: ignore[arg-type]
    )
    writer.close()
    digest_spool(Path(settings.SPOOL_DIRECTORY))
    return shelf().names()[-1]


@pytest.mark.django_db
def test_without_a_worker_the_page_says_so(as_viewer: Client) -> None:
    page = as_viewer.get(PAGE).content.decode()
    assert "No worker runs" in page
    assert "Needs somebody" in page


def test_with_a_worker_and_nothing_waiting_the_digest_keeps_up(
    as_viewer: Client, worker: StateFile, deliver: Delivery
) -> None:
    deliver({"message": "x", "level": "error"})
    found = state()
    assert found.problem == ""
    assert found.lag_s is not None
    assert found.lag_s < 60
    assert found.digested == 1
    page = as_viewer.get(PAGE).content.decode()
    assert "Keeps up" in page
    assert str(os.getpid()) in page


@pytest.mark.usefixtures("worker")
def test_what_waits_too_long_is_a_problem(deliver: Delivery, settings: Settings) -> None:
    deliver.spooled({"message": "x", "level": "error"})
    (segment,) = (Path(settings.SPOOL_DIRECTORY) / "segments").iterdir()
    assert state().problem == ""
    os.utime(segment, (time.time() - 120, time.time() - 120))
    found = state()
    assert "behind" in found.problem
    assert found.queue.segments == 1


@pytest.mark.django_db
def test_what_a_worker_complains_of_is_shown(as_viewer: Client, worker: StateFile) -> None:
    worker.tell(trouble="OperationalError: database is locked")
    assert "database is locked" in as_viewer.get(PAGE).content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("worker")
def test_a_spool_that_cannot_be_read_is_said(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir(exist_ok=True)
    (tmp_path / "spool" / "segments").write_text("no directory")
    settings.SPOOL_DIRECTORY = tmp_path / "spool"
    assert "can't be read" in state().problem


def test_sizes_are_those_on_the_disk(deliver: Delivery) -> None:
    deliver({"message": "x" * 5000, "level": "error"})
    found = {part.name: part for part in sizes()}
    assert found["Payloads"].bytes > 0
    assert found["Payloads"].about.startswith("1 events")


def test_what_it_runs_on_is_for_admins(as_admin: Client, as_member: Client) -> None:
    assert "SQLite</dt>" in as_admin.get(PAGE).content.decode()
    assert "SQLite</dt>" not in as_member.get(PAGE).content.decode()


def test_the_page_costs_the_same_for_many_projects(
    as_admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Project.objects.bulk_create(Project(slug=f"p{n}", name=f"P {n}") for n in range(40))
    with django_assert_max_num_queries(14):
        assert as_admin.get(PAGE).status_code == 200


def test_the_part_that_renews_itself_is_a_part(as_viewer: Client) -> None:
    part = as_viewer.get(f"{PAGE}now/").content.decode()
    assert 'hx-get="/system/now/"' in part
    assert "<html" not in part


def test_what_cannot_be_digested_is_seen_with_its_reason(
    as_admin: Client, project: Project, settings: Settings
) -> None:
    body = b'{"event_id":"%s"}\n{"type":"event"}\n{"message": "broken' % (b"a" * 32)
    name = _aside(settings, body, project_id=project.pk)
    page = as_admin.get(f"{PAGE}poison/").content.decode()
    assert name in page
    assert project.name in page
    assert "test/1.0" in page
    page = as_admin.get(f"{PAGE}poison/{name}/").content.decode()
    assert "broken" in page
    assert AuditEntry.objects.get(action="poison.viewed").project == project


def test_secrets_in_it_are_not_shown(as_admin: Client, project: Project, settings: Settings) -> None:
    body = b'{}\n{"type":"event"}\n{"password": "swordfish", "x": "broken'
    name = _aside(settings, body, project_id=project.pk)
    page = as_admin.get(f"{PAGE}poison/{name}/").content.decode()
    assert "swordfish" not in page


def test_it_is_stored_when_a_retry_succeeds(as_admin: Client, project: Project, settings: Settings) -> None:
    # Of a project that is gone when it is digested, and there again when it is retried.
    body = b'{"event_id":"%s"}\n{"type":"event"}\n{"message": "late", "level": "error"}' % (b"a" * 32)
    name = _aside(settings, body, project_id=project.pk + 1000)
    Project.objects.create(pk=project.pk + 1000, slug="back", name="Back")
    as_admin.post(f"{PAGE}poison/retry/", {"name": name})
    assert shelf().names() == []
    digest_spool(Path(settings.SPOOL_DIRECTORY))
    assert Issue.objects.get(project__slug="back").title == "late"
    assert AuditEntry.objects.filter(action="poison.retried").exists()


def test_it_is_thrown_away(as_admin: Client, project: Project, settings: Settings) -> None:
    names = [_aside(settings, b"no envelope", project_id=project.pk) for _ in range(2)]
    as_admin.post(f"{PAGE}poison/discard/", {"name": names})
    assert shelf().names() == []
    assert AuditEntry.objects.filter(action="poison.discarded").count() == 2
    assert b"Nothing was set aside" in as_admin.get(f"{PAGE}poison/").content


@pytest.mark.parametrize("name", ["../../keys.json", "x.reason", "..", "nothing"])
def test_a_name_reaches_nothing_else(as_admin: Client, settings: Settings, name: str) -> None:
    keys = Path(settings.KEYS_FILE)
    keys.write_text("{}")
    as_admin.post(f"{PAGE}poison/discard/", {"name": name})
    as_admin.post(f"{PAGE}poison/retry/", {"name": name})
    assert as_admin.get(f"{PAGE}poison/{name}/").status_code == 404
    assert keys.exists()


def test_bytes_are_shown_as_a_hex_editor_does(as_admin: Client, project: Project, settings: Settings) -> None:
    assert hex_head(b"AB\x00") == f"0000  {'41 42 00':<48} AB."
    name = _aside(settings, b"\x1f\x8b\x00\xff" * 300, project_id=project.pk, encodings=("gzip",))
    page = as_admin.get(f"{PAGE}poison/{name}/").content.decode()
    assert re.search(r"0000  1f 8b 00 ff", page)
